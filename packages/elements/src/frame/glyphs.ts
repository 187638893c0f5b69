import { draw } from './dom.ts'

/** A card of no known brand. */
export const drawCard = (): SVGSVGElement =>
  draw({ class: 'glyph', viewBox: '0 0 28 20' }, [
    ['rect', { ...outline, x: '1', y: '1', width: '26', height: '18', rx: '3' }],
    ['path', { ...outline, d: 'M1 6.5h26' }],
    ['path', { ...outline, d: 'M5 14h6', 'stroke-linecap': 'round' }],
  ])

/** Where the code stands: at the end of the signature on the back, or over the number on the front. */
export const drawCodePlace = (side: 'back' | 'front'): SVGSVGElement =>
  draw({ class: 'glyph', viewBox: '0 0 28 20' }, [
    ['rect', { ...outline, x: '1', y: '1', width: '26', height: '18', rx: '3' }],
    ...(side === 'back' ? back : front),
  ])

/** Beside an error. */
export const drawWarning = (): SVGSVGElement =>
  draw({ class: 'warning', viewBox: '0 0 16 16' }, [
    ['circle', { cx: '8', cy: '8', r: '7', fill: 'currentColor' }],
    [
      'path',
      {
        d: 'M8 4.2v4.6M8 11.6v.2',
        stroke: 'var(--ground)',
        'stroke-width': '1.8',
        'stroke-linecap': 'round',
      },
    ],
  ])

const outline = { stroke: 'currentColor', 'stroke-width': '1.5' } as const

const dot = (x: string, y: string) => ['circle', { cx: x, cy: y, r: '1.25', class: 'dot' }] as const

const back = [
  ['path', { ...outline, d: 'M1 5.75h26', 'stroke-width': '2.5' }],
  ['path', { ...outline, d: 'M5 13h7', 'stroke-linecap': 'round' }],
  dot('16.5', '13'),
  dot('20', '13'),
  dot('23.5', '13'),
] as const

const front = [
  ['path', { ...outline, d: 'M5 14.5h9', 'stroke-linecap': 'round' }],
  dot('13', '7'),
  dot('16.5', '7'),
  dot('20', '7'),
  dot('23.5', '7'),
] as const
