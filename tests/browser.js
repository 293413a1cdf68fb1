// What is wrong with a page as a reader sees it: written by tests/browser.py into the page around it.
function colour(text) { return text.match(/[\d.]+/g).map(Number) }
function light([r, g, b]) {
  const part = (v) => ((v /= 255) <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
  return 0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b)
}
function contrast(a, b) {
  const [high, low] = [light(a), light(b)].sort((x, y) => y - x)
  return (high + 0.05) / (low + 0.05)
}
function ground(view, element) {
  for (let at = element; at; at = at.parentElement) {
    const found = colour(view.getComputedStyle(at).backgroundColor)
    if (found.length === 3 || found[3] > 0) return found
  }
  return [255, 255, 255]
}
function findings(view) {
  const page = view.document, found = []
  const say = (what, element) => found.push(`${what}: ${element.textContent.trim().slice(0, 60)}`)
  page.querySelectorAll("details").forEach((each) => (each.open = true))
  if (page.documentElement.scrollWidth > view.innerWidth) found.push("the page is wider than the window")
  for (const each of page.querySelectorAll("body *:not(svg *)")) {
    const shown = view.getComputedStyle(each)
    if (each.clientWidth && each.scrollWidth > each.clientWidth + 1 && shown.overflowX === "visible") say("text overflows its box", each)
    const own = [...each.childNodes].some((n) => n.nodeType === 3 && n.data.trim())
    if (own && contrast(colour(shown.color), ground(view, each)) < 4.5) say("too little contrast", each)
  }
  for (const svg of page.querySelectorAll("svg")) {
    const box = svg.getBoundingClientRect(), texts = [...svg.querySelectorAll("text")]
    if (!svg.querySelector(":scope > title") && !svg.closest("[role=img][aria-label]")) say("a picture without a title", svg)
    const boxes = texts.map((each) => each.getBoundingClientRect())
    texts.forEach((each, n) => {
      const a = boxes[n], shown = view.getComputedStyle(each)
      if (a.left < box.left - 1 || a.right > box.right + 1 || a.top < box.top - 1 || a.bottom > box.bottom + 1) say("text outside of its picture", each)
      if (parseFloat(shown.fontSize) * each.getScreenCTM().a < 9.5) say("text too small to read", each)
      if (contrast(colour(shown.fill), ground(view, svg)) < 4.5) say("too little contrast", each)
      for (const b of boxes.slice(n + 1))
        if (Math.min(a.right, b.right) - Math.max(a.left, b.left) > 1 && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 4) say("text over text", each)
    })
  }
  return { dark: view.matchMedia("(prefers-color-scheme: dark)").matches, width: view.innerWidth, found }
}
