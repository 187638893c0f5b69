/** Tells how tall an element is, now and whenever that changes, so that the page can give the frame as much room. */
export const tellHeight = (element: Element, tell: (height: number) => void): void => {
  let last = -1
  new ResizeObserver(() => {
    const height = Math.ceil(element.getBoundingClientRect().height)
    if (height === last) return
    last = height
    tell(height)
  }).observe(element)
}
