/** Pages at several nodes that share a Redis: a node is killed under a call, and nobody notices more than a lost line. */
import { expect, onTestFinished, test, vi } from 'vitest'
import { Person } from './browser.ts'
import { launch } from './engines.ts'
import { house } from './house.ts'
import { balancerTo, isRedisThere, nodesAre, startNodes } from './nodes.ts'
import { OriginalPage } from './original-page.ts'
import { enterCall, hearsSounds, keepPlayers, watches } from './senses.ts'

// A call of several, all on one machine, takes its time on a small one.
vi.setConfig({ testTimeout: 420_000 })

const home = house()

/** `LISTENERS=15` makes a mesh of twenty with the newcomer, in which two cores can bear one voice. */
const listeners = Array.from({ length: Number(process.env['LISTENERS'] ?? 0) }, (_, nth) => `Lea ${nth + 1}`)

/** The fourth has a Firefox. */
const names = ['Ada', 'Ben', 'Cyd', 'Fox', ...listeners]

/** So many speak, the first to come. */
const speakersCount = listeners.length > 0 ? 1 : names.length

/** Without pictures, which would be more than two cores can make for so many. */
const callBySound = async ({ page }: Person, by: 'Start call' | 'Join call'): Promise<void> => {
  await page.getByRole('button', { name: by }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByRole('button', { name: 'Microphone only' }).click()
  await dialog.getByText('Say something').waitFor()
  await dialog.getByRole('button', { name: by }).click()
  await page.getByRole('toolbar').waitFor()
}

const listenIn = async ({ page }: Person): Promise<void> => {
  await page.getByRole('button', { name: 'Join call' }).click()
  await page
    .getByRole('dialog')
    .getByRole('button', { name: 'Join call without microphone and camera' })
    .click()
  await page.getByRole('toolbar').waitFor()
}

const tiles = ({ page }: Person) => page.locator('.tile-person')

test.skipIf(!isRedisThere())(
  'a node is killed under a call: all are back at the others, and nobody is told of anybody',
  async () => {
    const nodes = await startNodes(3, { P2PCHAT_SESSIONS__GRACE_S: '120' })
    const [one, two, three] = nodes
    if (!one || !two || !three) throw new Error('no nodes')
    const ways = [await balancerTo(one, two), await balancerTo(two, one), await balancerTo(three, one, two)]
    const wayOf = (nth: number): string => ways[nth % ways.length] ?? ''
    const firefox = await launch({ engine: 'firefox' })
    onTestFinished(() => firefox.close())
    const arrive = async (name: string, hash: string): Promise<Person> => {
      const isFox = name === 'Fox'
      const person = isFox ? await Person.arrive(firefox, 'about:blank') : await home.arrive('about:blank')
      await keepPlayers(person)
      // The Firefox is at the node that is killed.
      await person.page.goto(`${wayOf(isFox ? 2 : names.indexOf(name))}/${hash}`)
      return person
    }
    const ada = await arrive('Ada', '')
    const { hash } = new URL(await ada.createRoom('Ada', { peersMax: Math.min(20, names.length + 1) }))
    const people = [ada]
    for (const [nth, name] of names.entries()) {
      if (nth === 0) continue
      const person = await arrive(name, hash)
      await person.stepIn(name)
      await Promise.all([
        ...names.slice(0, nth).map(it => person.sees(it)),
        ...people.map(it => it.sees(name)),
      ])
      people.push(person)
    }
    for (const [nth, person] of people.entries()) {
      if (nth < speakersCount) await callBySound(person, person === ada ? 'Start call' : 'Join call')
      else await listenIn(person)
    }
    const everybodyHearsEverybody = async (): Promise<void> => {
      for (const [nth, person] of people.entries())
        await hearsSounds(person, speakersCount - (nth < speakersCount ? 1 : 0))
    }
    await everybodyHearsEverybody()
    for (const person of people) {
      await expect.poll(() => tiles(person).count()).toBe(names.length)
      await tiles(person).evaluateAll(all => {
        for (const it of all) it.setAttribute('data-before', '')
      })
    }
    /** Who has come or gone, as each has been told. */
    const news = (): Promise<number[]> =>
      Promise.all(people.map(it => it.log.getByText(/ (left|joined)\b/).count()))
    const before = await news()

    await three.kill()
    // Cyd, Fox, and every third of those who listen.
    const hit = people.filter((_, nth) => nth === 3 || nth % 3 === 2)
    await Promise.all(hit.map(it => it.isTold('Connection to the server restored')))
    await nodesAre([one, two], 2)
    await everybodyHearsEverybody()
    for (const person of [ada, ...hit]) {
      const text = `said by ${people.indexOf(person)}`
      await person.say(text)
      await Promise.all(people.map(it => it.log.getByText(text).waitFor()))
    }
    expect(await news()).toEqual(before)
    for (const person of people) expect(await person.page.locator('[data-before]').count()).toBe(names.length)
    const gus = await home.arrive(`${two.address}/${hash}`)
    await gus.stepIn('Gus')
    await Promise.all([...names.map(name => gus.sees(name)), ...people.map(it => it.sees('Gus'))])
    expect(await news()).toEqual(before.map(it => it + 1))
  },
)

test.skipIf(!isRedisThere())(
  'an original page and ours, each at a node of its own, chat and call each other',
  async () => {
    const [one, two] = await startNodes(2)
    if (!one || !two) throw new Error('no nodes')
    const ada = await home.arrive(one.address)
    const link = await ada.createRoom('Ada', { password: 'word' })
    const browser = ada.context.browser()
    if (!browser) throw new Error('no browser')
    const orla = await OriginalPage.arrive(browser, two.address, link, 'Orla')
    await ada.sees('Orla')
    await orla.say('hello from the other node')
    await ada.hears('Orla', 'hello from the other node')
    await ada.say('welcome')
    await orla.hears('welcome')
    await enterCall(ada, 'Start call')
    await orla.call()
    await Promise.all([watches(ada, /^Orla/), orla.watches()])
    expect(await orla.told()).toEqual([])
  },
)
