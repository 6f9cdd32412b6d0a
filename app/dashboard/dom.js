/** The element with this id; the page and the scripts are written together, so it exists. */
export const by = id => document.getElementById(id)

/** An element with properties and children. Text goes in as text: nothing here ever parses HTML. */
export function make(tag, properties = {}, ...children) {
  const element = Object.assign(document.createElement(tag), properties)
  element.append(...children)
  return element
}

/** Writes text only when it changed, so that a screen reader is not told the same again. */
export function write(element, text) {
  if (element.textContent !== text) element.textContent = text
}

/** Shows or hides. */
export function show(element, visible) {
  element.hidden = !visible
}

/**
 * Makes a list's elements those of `items`, in their order. Elements stay the same objects from one time to the next,
 * so focus and opened details survive.
 */
export function reconcile(list, items, { key, create, update }) {
  const known = new Map([...list.children].map(element => [element.dataset.key, element]))
  let place = list.firstElementChild
  for (const item of items) {
    let element = known.get(key(item))
    if (element === undefined) {
      element = create(item)
      element.dataset.key = key(item)
    }
    known.delete(key(item))
    update(element, item)
    if (element === place) place = place.nextElementSibling
    else list.insertBefore(element, place)
  }
  for (const gone of known.values()) gone.remove()
}

const relative = new Intl.RelativeTimeFormat('en', { numeric: 'auto' })
const absolute = new Intl.DateTimeFormat(undefined, { dateStyle: 'short', timeStyle: 'medium' })
const UNITS = [
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
]

/** Writes an instant as "3 minutes ago", with the exact time for the pointer and for machines. */
export function writeTime(element, iso) {
  const at = new Date(iso)
  const seconds = (at.getTime() - Date.now()) / 1_000
  const unit = UNITS.find(([, size]) => Math.abs(seconds) >= size)
  write(element, unit === undefined ? 'just now' : relative.format(Math.round(seconds / unit[1]), unit[0]))
  element.dateTime = iso
  element.title = absolute.format(at)
}

/** The exact time, in the reader's own way of writing it. */
export const exactTime = iso => absolute.format(new Date(iso))
