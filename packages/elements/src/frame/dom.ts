type Attributes = Readonly<Record<string, string>>

/** An element with its attributes and what is in it. Text becomes text, never markup. */
export const make = <Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Attributes = {},
  ...inside: readonly (Node | string)[]
): HTMLElementTagNameMap[Tag] => {
  const element = document.createElement(tag)
  setAll(element, attributes)
  element.append(...inside)
  return element
}

/** A drawing of shapes, each a tag with its attributes. It says nothing to a screen reader. */
export const draw = (
  attributes: Attributes,
  shapes: readonly (readonly [tag: 'rect' | 'path' | 'circle', attributes: Attributes])[],
): SVGSVGElement => {
  const drawing = document.createElementNS(svg, 'svg')
  setAll(drawing, { 'aria-hidden': 'true', focusable: 'false', fill: 'none', ...attributes })
  for (const [tag, shape] of shapes) {
    const element = document.createElementNS(svg, tag)
    setAll(element, shape)
    drawing.append(element)
  }
  return drawing
}

const svg = 'http://www.w3.org/2000/svg'

const setAll = (element: Element, attributes: Attributes): void => {
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value)
}
