/** People with different browsers in one room, whoever of them made it: all that they can do with each other. */
import { randomBytes } from 'node:crypto'
import { describe, expect, test, vi } from 'vitest'
import type { Person } from './browser.ts'
import { house } from './house.ts'
import { enterCall, hearsSounds, keepPlayers, shareScreensInTurn, watches } from './senses.ts'
import { accept, bytesOf, cardOf, pick, saved, sha } from './transfers.ts'

// Pictures of several people, made and shown by one machine, take their time on a small one.
vi.setConfig({ testTimeout: 360_000, hookTimeout: 120_000 })

const home = house()

const kinds = ['mesh', 'star'] as const
type Kind = (typeof kinds)[number]

/** Somebody whose players can be listened to, at an address. */
const arrive = async (address = home.server().address): Promise<Person> => {
  const person = await home.arrive('about:blank')
  await keepPlayers(person)
  await person.page.goto(address)
  return person
}

const meet = async (kind: Kind): Promise<readonly [Person, Person, string]> => {
  const ada = await arrive()
  const link = await ada.createRoom('Ada', { kind })
  const ben = await arrive(link)
  await ben.stepIn('Ben')
  await Promise.all([ben.sees('Ada'), ada.sees('Ben')])
  return [ada, ben, link]
}

describe.each(kinds)('in a %s', kind => {
  test('one comes in by the right password alone, three talk, and one reloads', async () => {
    const ada = await arrive()
    const link = await ada.createRoom('Ada', { kind, password: 'word' })
    const ben = await arrive(link.replace('pwd=word', 'pwd=other'))
    await ben.page.getByLabel('Your name').fill('Ben')
    await ben.page.getByRole('button', { name: 'Join room' }).click()
    await ben.page.getByText('The password in the link is wrong').waitFor()
    await ben.page.getByLabel('Password').fill('word')
    await ben.page.getByRole('button', { name: 'Join room' }).click()
    await Promise.all([ben.sees('Ada'), ada.sees('Ben')])
    const cyd = await arrive(link)
    await cyd.stepIn('Cyd')
    const between = kind === 'star' ? 'through the host' : 'connected'
    await Promise.all([cyd.sees('Ada'), cyd.sees('Ben', between), ben.sees('Cyd', between)])
    for (const [name, one] of Object.entries({ Ada: ada, Ben: ben, Cyd: cyd })) {
      await one.say(`grüß dich 👋 from ${name}`)
      const others = [ada, ben, cyd].filter(it => it !== one)
      await Promise.all(others.map(it => it.hears(name, `grüß dich 👋 from ${name}`)))
    }
    await ben.page.reload()
    await Promise.all([ben.sees('Ada'), ada.sees('Ben'), cyd.sees('Ben', between)])
    await ben.say('back again')
    await Promise.all([ada.hears('Ben', 'back again'), cyd.hears('Ben', 'back again')])
    expect(await ada.page.locator('#people li').count()).toBe(3)
  })

  test('two see and hear each other, and each other’s screens', async () => {
    const [ada, ben] = await meet(kind)
    await enterCall(ada, 'Start call')
    await ben.page.getByText('Ada is in the call').waitFor()
    await enterCall(ben, 'Join call')
    await Promise.all([watches(ada, /^Ben/), watches(ben, /^Ada/)])
    await Promise.all([hearsSounds(ada, 1), hearsSounds(ben, 1)])
    await shareScreensInTurn(['Ada', ada], ['Ben', ben])
    await ada.page.getByRole('button', { name: 'Microphone', exact: true }).click()
    await ben.page.getByRole('region', { name: /^Ada, muted/ }).waitFor()
    await hearsSounds(ben, 0)
    await ada.page.getByRole('button', { name: 'Microphone', exact: true }).click()
    await Promise.all([hearsSounds(ben, 1), watches(ben, /^Ada/)])
    await ada.page.getByRole('button', { name: 'Leave call' }).click()
    await ben.page.getByText('You are the only one in the call').waitFor()
  })

  test('files arrive as they were, small and large, both ways', async () => {
    const [ada, ben] = await meet(kind)
    for (const [from, to, name] of [
      [ada, ben, 'Ben'],
      [ben, ada, 'Ada'],
    ] as const)
      for (const size of [1, 20_000_000]) {
        const bytes = randomBytes(size)
        const file = `${size} for ${name}.bin`
        await pick(from, file, bytes)
        const got = await saved(to, () => accept(to, file))
        expect([got.name, sha(await bytesOf(got))]).toEqual([file, sha(bytes)])
        await cardOf(to, file).getByText('Complete and verified.').waitFor()
        await cardOf(from, file).getByText(`${name}: complete`).waitFor()
      }
  })
})
