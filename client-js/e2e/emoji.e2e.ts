/** The choice of emoji: by mouse, by keyboard alone, by touch; and that it leaves in sight what it is for. */
import type { Locator } from 'playwright-core'
import { expect, test } from 'vitest'
import type { Person } from './browser.ts'
import type { Look } from './engines.ts'
import { house } from './house.ts'
import { focused, tabTo } from './tab.ts'

const home = house()

/** Reacting takes somebody to react to. */
const talk = async (look: Look, ...said: string[]): Promise<{ ada: Person; ben: Person }> => {
  const ada = await home.arrive(undefined, look)
  const ben = await home.arrive(await ada.createRoom('Ada'), look)
  await ben.stepIn('Ben')
  await ben.sees('Ada')
  for (const words of said) {
    await ben.say(words)
    await ada.hears('Ben', words)
  }
  return { ada, ben }
}

const pickerOf = ({ page }: Person, name = 'React') => page.getByRole('dialog', { name })

const box = async (it: Locator) => (await it.boundingBox()) ?? expect.fail('it is not shown')

const apart = async (one: Locator, other: Locator): Promise<boolean> => {
  const [a, b] = [await box(one), await box(other)]
  return a.y + a.height <= b.y || b.y + b.height <= a.y
}

/** The messages of which it covers a part. */
const coveredBy = (it: Locator): Promise<string[]> =>
  it.evaluate(acts => {
    const a = acts.getBoundingClientRect()
    return [...document.querySelectorAll('.said-box')].flatMap(said => {
      const b = said.getBoundingClientRect()
      const apart = a.bottom <= b.top || b.bottom <= a.top || a.right <= b.left || b.right <= a.left
      return apart ? [] : [`${said.textContent} ${JSON.stringify([a, b])}`]
    })
  })

const inWindow = async ({ page }: Person, it: Locator): Promise<boolean> => {
  const { x, y, width, height } = await box(it)
  const window = page.viewportSize() ?? expect.fail('no window')
  return x >= 0 && y >= 0 && x + width <= window.width && y + height <= window.height
}

/** In which row the focus is, counted from the first. */
const rowOfFocus = (grid: Locator): Promise<number> =>
  grid.evaluate(it => {
    const buttons = [...it.querySelectorAll('button')]
    const rows = [...new Set(buttons.map(button => button.offsetTop))]
    return rows.indexOf(it.querySelector<HTMLElement>(':focus')?.offsetTop ?? -1)
  })

test('one is chosen by group, by name, and from what was chosen before, in the tone that was wanted', async () => {
  const { ada, ben } = await talk({}, 'Tea?')
  const said = ada.log.getByRole('article').filter({ hasText: 'Tea?' })
  const picker = pickerOf(ada)
  const open = async (): Promise<void> => {
    await said.hover()
    await said.getByRole('button', { name: 'React' }).click()
    await picker.getByRole('tabpanel', { name: 'Frequently used' }).waitFor()
  }
  await open()
  await picker.getByRole('tab', { name: 'Food and drink' }).click()
  await picker
    .getByRole('tabpanel', { name: 'Food and drink' })
    .getByRole('button', { name: 'teapot' })
    .click()
  await picker.waitFor({ state: 'hidden' })
  await ben.page.getByRole('button', { name: '🫖: Ada' }).waitFor()
  await open()
  await picker.getByRole('combobox', { name: 'Skin tone' }).selectOption('✋🏽')
  await picker.getByRole('textbox', { name: 'Search emoji' }).fill('WAVING')
  await picker.getByRole('status').filter({ hasText: 'emoji found' }).waitFor()
  await picker.getByRole('button', { name: 'waving hand' }).click()
  await ben.page.getByRole('button', { name: '👋🏽: Ada' }).waitFor()
  await open()
  expect(await picker.locator('.emoji-grid button').first().textContent()).toBe('👋🏽')
  expect(await picker.locator('.emoji-grid button').nth(1).textContent()).toBe('🫖')
  await picker.getByRole('textbox', { name: 'Search emoji' }).fill('e')
  await picker.getByText(/^\d{1,3}(,\d{3})* emoji found$/).waitFor()
  expect(await picker.locator('.emoji-grid button').count()).toBe(200)
  await picker.getByRole('textbox', { name: 'Search emoji' }).fill('nothing of the kind')
  await picker.getByText('No emoji found').waitFor()
})

test('by keyboard alone: found by name, or walked to, and back where one was', async () => {
  const { ada } = await talk({}, 'Tea?')
  const { keyboard } = ada.page
  const picker = pickerOf(ada, 'Emoji')
  const field = ada.page.getByLabel('Message', { exact: true })
  const settled = (name: RegExp): Promise<void> => expect.poll(() => focused(ada)).toMatch(name)
  await field.focus()
  await keyboard.type('a')
  await tabTo(ada, /^Emoji/)
  await keyboard.press('Enter')
  await settled(/^Search emoji/)
  // With nothing to choose, Enter chooses nothing. Above all it sends nothing.
  await keyboard.press('Enter')
  await keyboard.type('qqqq')
  await picker.getByText('No emoji found').waitFor()
  await keyboard.press('Enter')
  await picker.getByRole('textbox', { name: 'Search emoji' }).fill('teapot')
  await picker.getByRole('button', { name: 'teapot' }).waitFor()
  await keyboard.press('Enter')
  await picker.waitFor({ state: 'hidden' })
  expect(await field.inputValue()).toBe('a🫖')
  expect(await ada.log.getByRole('article').count()).toBe(1)
  await settled(/^Message/)
  await tabTo(ada, /^Emoji/)
  await keyboard.press('Enter')
  await settled(/^Search emoji/)
  await tabTo(ada, /^Frequently used/)
  await keyboard.press('ArrowRight')
  await settled(/^Smileys/)
  await picker.getByRole('tabpanel', { name: 'Smileys' }).waitFor()
  await keyboard.press('Tab')
  await settled(/^grinning face$/)
  await keyboard.press('ArrowRight')
  await settled(/^grinning face with big eyes$/)
  await keyboard.press('ArrowDown')
  expect(await rowOfFocus(picker.locator('.emoji-grid'))).toBe(1)
  await keyboard.press('ArrowUp')
  await settled(/^grinning face with big eyes$/)
  await keyboard.press('Enter')
  expect(await field.inputValue()).toBe('a🫖😃')
  await tabTo(ada, /^Emoji/)
  await keyboard.press('Enter')
  await settled(/^Search emoji/)
  await keyboard.press('Escape')
  await picker.waitFor({ state: 'hidden' })
  await settled(/^Emoji/)
})

const looks: readonly (Look & { name: string })[] = [
  { name: 'a wide window', width: 1280, height: 800 },
  { name: 'a low window', width: 1000, height: 480 },
  { name: 'a phone', width: 360, height: 740, touch: true },
]

test.each(looks)('on $name no message is covered that one reacts to, nor the field', async look => {
  const { ada } = await talk(look, ...Array.from({ length: 12 }, (_, at) => `line ${at}.`))
  const articles = ada.log.getByRole('article')
  const picker = pickerOf(ada)
  for (const at of [0, 6, 11]) {
    const said = articles.nth(at)
    await said.scrollIntoViewIfNeeded()
    await (look.touch ? said.tap() : said.hover())
    await said.getByRole('button', { name: 'React' }).click()
    await picker.getByRole('button', { name: 'thumbs up' }).waitFor()
    expect({ at, apart: await apart(picker, said) }).toEqual({ at, apart: true })
    expect({ at, inside: await inWindow(ada, picker) }).toEqual({ at, inside: true })
    await ada.page.keyboard.press('Escape')
    await picker.waitFor({ state: 'hidden' })
  }
  await ada.page.getByRole('button', { name: 'Emoji' }).click()
  const choice = pickerOf(ada, 'Emoji')
  await choice.getByRole('button', { name: 'thumbs up' }).waitFor()
  expect(await apart(choice, ada.page.locator('.compose'))).toBe(true)
  expect(await inWindow(ada, choice)).toBe(true)
})

test.each(looks)('on $name the buttons of a message cover no text, nor do they move any', async look => {
  const long =
    'a long line that fills the whole width of the conversation, and then some more of it. '.repeat(3)
  const { ada, ben } = await talk(look, 'short.', long, 'ok')
  await ada.say('mine')
  await ada.say(long)
  await ben.hears('Ada', 'mine')
  const articles = ada.log.getByRole('article')
  await expect.poll(() => articles.count()).toBe(5)
  for (let at = 0; at < 5; at++) {
    const said = articles.nth(at)
    await said.scrollIntoViewIfNeeded()
    const before = await box(said)
    await (look.touch ? said.tap() : said.hover())
    await said.getByRole('button', { name: 'Reply', exact: true }).waitFor()
    expect({ at, ...(await box(said)) }).toEqual({ at, ...before })
    expect({ at, covered: await coveredBy(said.locator('.acts')) }).toEqual({ at, covered: [] })
  }
  const sideways = await ada.log.evaluate(log => log.scrollWidth - log.clientWidth)
  expect(sideways).toBe(0)
})

test('on a phone it spans the window, and brings up no keyboard', async () => {
  const { ada } = await talk({ width: 360, height: 740, touch: true })
  const picker = pickerOf(ada, 'Emoji')
  // The second time everything is loaded, and there at once.
  for (const written of ['👍', '👍👍']) {
    await ada.page.getByRole('button', { name: 'Emoji' }).tap()
    await picker.getByRole('tab', { name: 'Frequently used' }).and(picker.locator(':focus')).waitFor()
    expect((await box(picker)).width).toBeGreaterThan(340)
    await picker.getByRole('button', { name: 'thumbs up' }).tap()
    expect(await ada.page.getByLabel('Message', { exact: true }).inputValue()).toBe(written)
  }
})

test('names are those of the page’s language', async () => {
  const ada = await home.arrive(undefined, { locale: 'de-DE' })
  await ada.page.getByLabel('Dein Name').fill('Ada')
  await ada.page.getByRole('button', { name: 'Raum erstellen' }).click()
  await ada.page.getByRole('button', { name: 'Emoji', exact: true }).click()
  const picker = pickerOf(ada, 'Emoji')
  await picker.getByRole('textbox', { name: 'Emoji suchen' }).fill('kaffee')
  await picker.getByRole('button', { name: 'Heißgetränk' }).waitFor()
})
