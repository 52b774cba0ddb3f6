/** What a call says over its tiles: it moves nothing, and leaves names and buttons to be read and pressed. */
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Look, launch } from './engines.ts'
import type { Scene } from './pages/scenes.ts'
import { Scenes } from './scenes.ts'

let browser: Browser
beforeAll(async () => {
  browser = await launch()
})
afterAll(() => browser.close())

const looks: readonly (Look & { name: string })[] = [
  { name: 'a phone', width: 390, height: 844, touch: true },
  { name: 'a desk', width: 1280, height: 800 },
]

const scenes: readonly Scene[] = [
  { others: 0 },
  { others: 1 },
  { others: 2 },
  { others: 4 },
  { others: 3, screens: 1 },
]

const tiles = (page: Page): Promise<string[]> =>
  page.evaluate(() =>
    [...document.querySelectorAll('.tile')].map(tile => JSON.stringify(tile.getBoundingClientRect())),
  )

/** Of names and buttons that can be seen, those that lie below what is said. */
const covered = (page: Page): Promise<string[]> =>
  page.evaluate(() => {
    const notes = [...document.querySelectorAll('.note')].map(note => note.getBoundingClientRect())
    if (notes.length === 0) throw new Error('nothing is said')
    return [...document.querySelectorAll('.tile-label, .tile-button, [role="toolbar"] button')]
      .filter(it => it.checkVisibility({ opacityProperty: true }))
      .filter(it => {
        const { left, right, top, bottom } = it.getBoundingClientRect()
        return notes.some(
          note => left < note.right && right > note.left && top < note.bottom && bottom > note.top,
        )
      })
      .map(it => it.textContent ?? '')
  })

test.each(looks)('on $name', async look => {
  const seen = await Scenes.open(browser, look)
  for (const scene of scenes) {
    await seen.show(scene)
    const before = await tiles(seen.page)
    await seen.show({ ...scene, troubles: [{ key: 1, with: 'camera', what: 'in-use' }] })
    await seen.page.getByText('The camera is already in use').waitFor()
    expect({ scene, tiles: await tiles(seen.page) }).toEqual({ scene, tiles: before })
    expect({ scene, covered: await covered(seen.page) }).toEqual({ scene, covered: [] })
  }
  await seen.close()
})
