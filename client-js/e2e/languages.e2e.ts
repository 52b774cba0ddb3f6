/**
 * The page in every language: chosen by the browser or by hand, read from the right where it is, and never too wide.
 */
import { expect, test } from 'vitest'
import { type Language, languages } from '../src/ui/texts/languages.ts'
import type { Person } from './browser.ts'
import { house } from './house.ts'

const home = house()

const tooWide = ({ page }: Person): Promise<string[]> =>
  page.evaluate(() =>
    [...document.querySelectorAll('body *')]
      .filter(it => {
        const { left, right, width } = it.getBoundingClientRect()
        const cut = it.closest('.sr-only, svg, [hidden], .log')
        return !cut && width > 0 && (left < -1 || right > innerWidth + 1)
      })
      .map(it => `${it.tagName}.${it.className} ${it.textContent}`.slice(0, 80)),
  )

for (const [language, { tag, rightToLeft, load }] of Object.entries(languages))
  test(`a browser in ${tag} is spoken to in it, also at 320 px`, async () => {
    const words = await load()
    const ada = await home.arrive()
    const link = await ada.createRoom('Ada', { kind: 'star' })
    const ben = await home.arrive(undefined, { width: 320, height: 640, locale: `${language}-XX` })
    const root = ben.page.locator(`html[lang="${tag}"][dir="${rightToLeft ? 'rtl' : 'ltr'}"]`)
    await root.waitFor()
    await ben.page.getByRole('heading', { name: words.start.title }).waitFor()
    expect(await tooWide(ben)).toEqual([])
    await ben.page.getByRole('button', { name: words.settings.title }).click()
    await ben.page.getByRole('tab', { name: words.settings.connection }).click()
    await ben.page.getByText(words.connection.relayOnlyHint).waitFor()
    expect(await tooWide(ben)).toEqual([])
    await ben.page.keyboard.press('Escape')
    await ben.page.goto(link)
    await ben.page.getByLabel(words.start.yourName).fill('Ben')
    await ben.page.getByRole('button', { name: words.join.submit }).click()
    await ben.log.waitFor()
    await ada.sees('Ben')
    await ada.say('hello')
    await ben.log.getByText('hello').waitFor()
    expect(await tooWide(ben)).toEqual([])
    await ben.page.getByLabel(words.chat.message, { exact: true }).fill('x')
    await ben.page.getByRole('button', { name: words.chat.send, exact: true }).click()
    await ada.hears('Ben', 'x')
  })

test('a language is changed where one stands, remembered, and nothing else is lost by it', async () => {
  const ada = await home.arrive()
  await ada.page.getByLabel('Your name').fill('Ada')
  const choose = async (label: string, language: Language | ''): Promise<void> => {
    await ada.page.getByLabel(label).selectOption(language)
  }
  await ada.page.getByRole('button', { name: 'Settings' }).click()
  await choose('Language', 'ar')
  await ada.page.locator('html[lang="ar"][dir="rtl"]').waitFor()
  const ar = await languages.ar.load()
  await ada.page.keyboard.press('Escape')
  expect(await ada.page.getByLabel(ar.start.yourName).inputValue()).toBe('Ada')
  await ada.page.reload()
  await ada.page.locator('html[lang="ar"][dir="rtl"]').waitFor()
  await ada.page.getByRole('button', { name: ar.settings.title }).click()
  await choose(ar.settings.language, 'de')
  const de = await languages.de.load()
  await ada.page.getByRole('heading', { name: de.settings.title }).waitFor()
  await choose(de.settings.language, '')
  await ada.page.getByRole('heading', { name: 'Settings' }).waitFor()
  expect(await ada.page.evaluate(() => document.documentElement.dir)).toBe('ltr')
})

/** How far from the left something that is written in the conversation begins, within the element that `within` names. */
const leftOf = ({ log }: Person, within: string, piece: string): Promise<number> =>
  log
    .locator(within)
    .filter({ hasText: piece })
    .evaluate((element, piece) => {
      const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT)
      for (let node = walker.nextNode(); node; node = walker.nextNode()) {
        const at = node.textContent?.lastIndexOf(piece) ?? -1
        if (at < 0) continue
        const range = document.createRange()
        range.setStart(node, at)
        range.setEnd(node, at + piece.length)
        return range.getBoundingClientRect().left
      }
      throw new Error(`${piece} is not there`)
    }, piece)

test('neither a name nor an address is turned round, nor turns what it stands in', async () => {
  const ada = await home.arrive()
  const link = await ada.createRoom('Ada')
  const guest = await home.arrive(link)
  await guest.stepIn('שלום')
  await ada.sees('שלום')
  await ada.isTold('joined')
  expect(await leftOf(ada, '.notice', 'שלום')).toBeLessThan(await leftOf(ada, '.notice', 'joined'))
  await guest.say('مرحبا https://example.org/شكرا')
  await ada.hears('שלום', 'https')
  expect(await leftOf(ada, 'a', 'https')).toBeLessThan(await leftOf(ada, 'a', 'شكرا'))
})
