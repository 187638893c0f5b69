import type { Finding } from '../finding.ts'
import type { Manifest } from './read-manifests.ts'
import { type Environment, filesNamed, isGivenTime, readSettings, secretsIn } from './settings.ts'

interface Probe {
  readonly httpGet?: { readonly path?: string; readonly port?: string; readonly scheme?: string }
}

interface Container {
  readonly name: string
  readonly envFrom?: readonly unknown[]
  readonly env?: readonly { readonly name: string; readonly value: string }[]
  readonly ports?: readonly { readonly name: string; readonly containerPort: number }[]
  readonly volumeMounts?: readonly { readonly name: string; readonly mountPath: string }[]
  readonly resources?: { readonly limits?: { readonly memory?: string } }
  readonly securityContext?: {
    readonly readOnlyRootFilesystem?: boolean
    readonly allowPrivilegeEscalation?: boolean
    readonly capabilities?: { readonly drop?: readonly string[] }
  }
  readonly startupProbe?: Probe
  readonly livenessProbe?: Probe
  readonly readinessProbe?: Probe
}

export interface Pod {
  readonly terminationGracePeriodSeconds?: number
  readonly enableServiceLinks?: boolean
  readonly automountServiceAccountToken?: boolean
  readonly securityContext?: {
    readonly runAsNonRoot?: boolean
    readonly seccompProfile?: { readonly type?: string }
  }
  readonly initContainers?: readonly Container[]
  readonly containers: readonly Container[]
  readonly volumes?: readonly { readonly name: string; readonly secret?: { readonly secretName: string } }[]
}

export interface PodCheck {
  readonly manifest: Manifest
  readonly pod: Pod
  /** What all containers are told. */
  readonly settings: Environment
  /** The files of each Secret. */
  readonly secrets: ReadonlyMap<string, readonly string[]>
}

type Wrongs = readonly (readonly [isGood: boolean, wrong: string])[]

/** Pods may do no more than they need, and are told what the vault understands. */
export const checkPod = (check: PodCheck): readonly Finding[] => {
  const { pod, manifest } = check
  const wrongs: Wrongs = [
    [pod.enableServiceLinks === false, 'is told of Services in variables that read as settings of the vault'],
    [pod.automountServiceAccountToken === false, 'has a token for the cluster'],
    [pod.securityContext?.runAsNonRoot === true, 'may run as root'],
    [pod.securityContext?.seccompProfile?.type === 'RuntimeDefault', 'may call all of the kernel'],
    ...[...(pod.initContainers ?? []), ...pod.containers].flatMap((one) => checkContainer(one, check)),
    ...pod.containers.flatMap((one) => checkSettings(one, check)),
    ...(manifest.kind === 'Job' ? [] : pod.containers.flatMap(checkProbes)),
  ]
  return wrongs
    .filter(([isGood]) => !isGood)
    .map(([, wrong]) => ({
      file: manifest.file,
      line: 0,
      wrong: `${manifest.kind} ${manifest.metadata?.name ?? ''} ${wrong}`,
      instead: 'See what the others say of themselves.',
    }))
}

const checkContainer = (container: Container, { pod, manifest, secrets }: PodCheck): Wrongs => {
  const { name, securityContext: may, resources, volumeMounts = [] } = container
  const claimed = (manifest.spec?.volumeClaimTemplates ?? []).map(({ metadata }) => metadata.name)
  const volumes = [...(pod.volumes ?? []).map((volume) => volume.name), ...claimed]
  const named = (pod.volumes ?? []).flatMap(({ secret }) => (secret ? [secret.secretName] : []))
  return [
    [may?.readOnlyRootFilesystem === true, `may write to the image of ${name}`],
    [may?.allowPrivilegeEscalation === false, `may gain privileges in ${name}`],
    [may?.capabilities?.drop?.includes('ALL') === true, `keeps capabilities in ${name}`],
    [resources?.limits?.memory !== undefined, `sets no limit to the memory of ${name}`],
    ...volumeMounts.map(
      (mount) => [volumes.includes(mount.name), `mounts ${mount.name}, which is not there`] as const,
    ),
    ...named.map(
      (secret) => [secrets.has(secret), `wants the Secret ${secret}, which is not there`] as const,
    ),
  ]
}

const checkSettings = (container: Container, { pod, manifest, settings, secrets }: PodCheck): Wrongs => {
  const own = (container.env ?? []).map(({ name, value }) => [name, value] as const)
  const told = { ...settings, ...Object.fromEntries(own) }
  const config = readSettings(told)
  if (typeof config === 'string') return [[false, `is not understood: ${config}`]]
  const files = (container.volumeMounts ?? []).flatMap(({ name, mountPath }) => {
    const secret = pod.volumes?.find((volume) => volume.name === name)?.secret?.secretName ?? ''
    return (secrets.get(secret) ?? []).map((key) => `${mountPath}/${key}`)
  })
  const ports = (container.ports ?? []).map(({ containerPort }) => containerPort)
  const grace = pod.terminationGracePeriodSeconds ?? 30
  return [
    [manifest.kind === 'Job' || isGivenTime(config, grace), 'is killed while it finishes what it began'],
    ...secretsIn(told).map((name) => [false, `is told a secret in ${name}`] as const),
    ...filesNamed(told).map(
      (path) => [files.includes(path), `names ${path}, which no Secret brings there`] as const,
    ),
    ...(ports.length === 0
      ? []
      : [config.port, config.metrics?.port ?? config.port].map(
          (port) => [ports.includes(port), `does not open ${port}, where it listens`] as const,
        )),
  ]
}

/** A vault that is not ready must not be started again for it. */
const checkProbes = ({ startupProbe, livenessProbe, readinessProbe, ports = [] }: Container): Wrongs => {
  const asks = (probe: Probe | undefined, path: string): boolean =>
    probe?.httpGet?.path === path &&
    probe.httpGet.scheme === 'HTTPS' &&
    ports.some(({ name }) => name === probe.httpGet?.port)
  return [
    [asks(startupProbe, '/health/live'), 'does not ask at the start whether it is alive'],
    [asks(livenessProbe, '/health/live'), 'does not ask whether it is alive'],
    [asks(readinessProbe, '/health/ready'), 'does not ask whether it is ready'],
  ]
}
