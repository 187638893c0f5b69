import { html, type Markup } from '../html.ts'

/** Which way a card takes, and which way a token takes. */
export const drawWays = (): Markup => html`
      <svg class="ways" viewBox="0 0 340 210" role="img" aria-label="The card goes from the vault’s frame in the page to the vault and on to the provider. The shop’s page and server have only the token.">
        <g class="box">
          <rect x="1" y="1" width="128" height="208" rx="10"/>
          <rect x="211" y="1" width="128" height="58" rx="10"/>
          <rect x="211" y="76" width="128" height="58" rx="10"/>
          <rect x="211" y="151" width="128" height="58" rx="10"/>
        </g>
        <rect class="frame" x="13" y="124" width="104" height="58" rx="7"/>
        <g class="name">
          <text x="65" y="28">Shop’s page</text>
          <text x="65" y="158">Vault’s frame</text>
          <text x="275" y="35">Shop’s server</text>
          <text x="275" y="110">Vault</text>
          <text x="275" y="185">Provider</text>
        </g>
        <path class="card-way" d="M117 153h38q8 0 8-8v-32q0-8 8-8h34m-7-5 7 5-7 5M275 134v11m-5-6 5 7 5-7"/>
        <path class="token-way" d="M275 76V65m-5 6 5-7 5 7M211 30h-76m7-5-7 5 7 5"/>
        <g class="said">
          <text x="172" y="20">token</text>
          <text x="166" y="96">card, code</text>
        </g>
      </svg>`
