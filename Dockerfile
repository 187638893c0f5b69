# The image of a vault, and `setup`, a small one that makes secrets for compose.yaml. docs/operations/containers.md says how
# both are used. A tag moves with each release of Node; whoever wants the same bytes each time names the image by its digest.
ARG NODE_IMAGE=node:24-trixie-slim

FROM ${NODE_IMAGE} AS dependencies
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
COPY packages/core/package.json packages/core/
COPY packages/elements/package.json packages/elements/
COPY packages/server/package.json packages/server/
COPY packages/testing/package.json packages/testing/
# What the server needs and nothing else: no tools, no tests, and not the Node that npm would bring where there is none.
RUN npm ci --workspace @cardkeep/server --include-workspace-root=false --omit=dev --omit=optional

FROM ${NODE_IMAGE} AS setup
RUN apt-get update \
  && apt-get install --yes --no-install-recommends openssl \
  && rm -rf /var/lib/apt/lists/*
COPY deploy/compose/setup.sh deploy/compose/codes.acl /setup/
ENTRYPOINT ["/setup/setup.sh"]

FROM ${NODE_IMAGE} AS vault
# Nothing is installed in a running vault: what could install something goes.
RUN rm -rf /usr/local/lib/node_modules /usr/local/bin/npm /usr/local/bin/npx /usr/local/bin/corepack /usr/local/bin/yarn* /opt/yarn* \
  && install -d -m 700 -o 1000 -g 1000 /var/lib/cardkeep/data /var/lib/cardkeep/keys \
  && ln -s /app/packages/server/bin/cardkeep.js /usr/local/bin/cardkeep
WORKDIR /app
COPY --from=dependencies /app/node_modules ./node_modules
COPY package.json LICENSE ./
COPY deploy/healthcheck.ts deploy/
COPY packages/core packages/core
COPY packages/elements packages/elements
COPY packages/server packages/server
# Everything else may be read-only. Without volumes at both places a vault that is replaced has lost its cards: so the
# root key is made nowhere else, and a read-only container without a volume does not start.
ENV NODE_ENV=production \
  CARDKEEP_HOST=0.0.0.0 \
  CARDKEEP_DATA=/var/lib/cardkeep/data \
  CARDKEEP_ROOT_KEY=/var/lib/cardkeep/keys/root.key
# By its number, which an orchestrator can tell from root; it is `node` of the image.
USER 1000:1000
EXPOSE 8080
HEALTHCHECK --interval=15s --timeout=5s --start-period=60s --start-interval=1s --retries=3 \
  CMD ["node", "--disable-warning=ExperimentalWarning", "deploy/healthcheck.ts"]
ENTRYPOINT ["cardkeep"]
CMD ["serve"]
