/** What the interface takes to be in sight of a window, and when it asks again. */
import { readFileSync } from 'node:fs'
import { afterEach, expect, test, vi } from 'vitest'
import { inSight, onSightChanged } from '../src/ui/browser.ts'
import { remedyFor } from '../src/ui/parts/trouble.tsx'

const look = (visualViewport: object | null): void => {
  vi.stubGlobal('innerHeight', 800)
  vi.stubGlobal('innerWidth', 400)
  vi.stubGlobal('window', { visualViewport })
}
afterEach(() => vi.unstubAllGlobals())

const whole = { top: 0, bottom: 800, left: 0, right: 400 }
const above = { offsetTop: 0, offsetLeft: 0, width: 400, height: 500, scale: 1 }

test.each([
  ['a window without a keyboard', { ...above, height: 800 }, whole],
  ['a keyboard on the screen', above, { ...whole, bottom: 500 }],
  ['a page that was moved up for it', { ...above, offsetTop: 120 }, { ...whole, top: 120, bottom: 620 }],
  ['a page that was zoomed by hand', { ...above, width: 200, height: 400, scale: 2 }, whole],
  ['a browser that does not tell', null, whole],
])('%s', (_, seen, expected) => {
  look(seen)
  expect(inSight()).toEqual(expected)
})

test('a keyboard that comes, and a page that moves for it, are told until nobody asks any more', () => {
  const page = new EventTarget()
  const seen = new EventTarget()
  look(seen)
  vi.stubGlobal('addEventListener', page.addEventListener.bind(page))
  vi.stubGlobal('removeEventListener', page.removeEventListener.bind(page))
  const changed = vi.fn()
  const rest = onSightChanged(changed)
  const all = (): void => {
    page.dispatchEvent(new Event('resize'))
    for (const type of ['resize', 'scroll']) seen.dispatchEvent(new Event(type))
  }
  all()
  expect(changed).toHaveBeenCalledTimes(3)
  rest()
  all()
  expect(changed).toHaveBeenCalledTimes(3)
})

test('within another site’s page nobody is sent to look for settings that are not theirs to change', () => {
  vi.stubGlobal('navigator', { userAgent: 'Mozilla/5.0 Chrome/140.0', maxTouchPoints: 0 })
  const own: { parent?: object } = {}
  own.parent = own
  vi.stubGlobal('window', own)
  expect(remedyFor('blocked')).toContain('left of the address')
  vi.stubGlobal('window', { parent: {} })
  expect(remedyFor('blocked')).toContain('in a tab of its own')
})

test('the manifest is asked for with the cookies of the page, without which a login before the server refuses it', () => {
  // HTML, section 4.6.7.10: a link of this kind sends none by itself.
  const page = readFileSync(new URL('../index.html', import.meta.url), 'utf8')
  expect(page).toMatch(/<link rel="manifest"[^>]* crossorigin="use-credentials"/)
})
