import { html } from '../html.ts'

/** The product. It is lit where the page is dark. */
export const drawLamp = (title: string) => html`
<svg class="lamp" viewBox="0 0 480 520" role="img" aria-label="${title}">
  <defs>
    <radialGradient id="pool" cx="50%" cy="0%" r="100%">
      <stop offset="0" class="pool-near"/>
      <stop offset="1" class="pool-far"/>
    </radialGradient>
    <linearGradient id="shade" x1="0" x2="1">
      <stop offset="0" class="shade-dark"/>
      <stop offset=".35" class="shade-light"/>
      <stop offset="1" class="shade-dark"/>
    </linearGradient>
    <linearGradient id="oak" x1="0" x2="1">
      <stop offset="0" class="oak-dark"/>
      <stop offset=".4" class="oak-light"/>
      <stop offset="1" class="oak-dark"/>
    </linearGradient>
  </defs>
  <rect class="wall" width="480" height="520"/>
  <rect class="table" y="430" width="480" height="90"/>
  <path class="pool" d="M128 214 20 430a220 46 0 0 0 440 0L352 214Z" fill="url(#pool)"/>
  <ellipse class="shadow" cx="240" cy="446" rx="112" ry="13"/>
  <path class="cord" d="M300 438c60 6 96 22 180 10"/>
  <rect class="stem" x="235" y="200" width="10" height="218" rx="2"/>
  <path d="M170 424q0-14 16-14h108q16 0 16 14v8q0 12-16 12H186q-16 0-16-12Z" fill="url(#oak)"/>
  <path class="grain" d="M178 424h124M176 432h128"/>
  <ellipse class="bulb" cx="240" cy="214" rx="106" ry="11"/>
  <path d="M124 212C124 132 172 84 240 84s116 48 116 128c0 5-52 9-116 9s-116-4-116-9Z" fill="url(#shade)"/>
  <rect class="knob" x="232" y="70" width="16" height="16" rx="5"/>
</svg>`
