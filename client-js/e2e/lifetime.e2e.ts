/** People, rooms and calls that outlive their connections: in real browsers, with a gate between a page and the server. */
import { describe, expect, test } from 'vitest'
import type { Person } from './browser.ts'
import { gather, house } from './house.ts'
import { type Gate, gateTo } from './sockets/gate.ts'

const home = house()

/** Somebody whose way to the server leads through a gate, at the invitation. */
const behindGate = async (link: string, name: string): Promise<{ person: Person; gate: Gate }> => {
  const gate = await gateTo(home.server().address)
  const person = await home.arrive(`${gate.address}/${new URL(link).hash}`)
  await person.stepIn(name)
  return { person, gate }
}

const leavings = (person: Person): Promise<number> => person.log.getByText(/ (left|joined)\b/).count()

describe('the line to the server is cut', () => {
  test.each(['cut', 'drop'] as const)(
    '%s: nobody is told, nothing is lost, and whoever comes reaches everybody',
    async how => {
      const { people, link } = await gather(home, {}, 'Ada')
      const [ada] = people
      if (!ada) throw new Error('nobody came')
      const { person: ben, gate } = await behindGate(link, 'Ben')
      await Promise.all([ben.sees('Ada'), ada.sees('Ben')])
      const told = await leavings(ada)
      if (how === 'cut') {
        gate.cut()
        await ben.isTold('Connection to the server lost')
        await ada.say('can you hear me?')
        await ben.hears('Ada', 'can you hear me?')
        gate.open()
      } else gate.drop()
      await ben.isTold('Connection to the server restored')
      const cyd = await home.arrive(link)
      await cyd.stepIn('Cyd')
      await Promise.all([cyd.sees('Ada'), cyd.sees('Ben'), ben.sees('Cyd')])
      await cyd.say('hello both')
      await Promise.all([ada.hears('Cyd', 'hello both'), ben.hears('Cyd', 'hello both')])
      // Cyd has come, and nothing else has happened.
      expect(await leavings(ada)).toBe(told + 1)
    },
  )

  test('nobody is locked out of a full room by their own ghost', async () => {
    const { people, link } = await gather(home, { peersMax: 2 }, 'Ada')
    const [ada] = people
    if (!ada) throw new Error('nobody came')
    const { person: ben, gate } = await behindGate(link, 'Ben')
    await ben.sees('Ada')
    gate.drop()
    await ben.isTold('Connection to the server restored')
    await ben.say('still here')
    await ada.hears('Ben', 'still here')
    expect(await ben.page.getByText('has not let you back').count()).toBe(0)
    const cyd = await home.arrive(link)
    await cyd.page.getByLabel('Your name').fill('Cyd')
    await cyd.page.getByRole('button', { name: 'Join room' }).click()
    await cyd.page.getByText('The room is full.').waitFor()
  })

  test('signals that were on their way arrive: a connection is made although the line was cut meanwhile', async () => {
    const { people, link } = await gather(home, {}, 'Ada')
    const [ada] = people
    if (!ada) throw new Error('nobody came')
    const { person: ben, gate } = await behindGate(link, 'Ben')
    await ben.sees('Ada')
    gate.cut()
    await ben.isTold('Connection to the server lost')
    const cyd = await home.arrive(link)
    await cyd.stepIn('Cyd')
    await cyd.sees('Ada')
    gate.open()
    await Promise.all([cyd.sees('Ben'), ben.sees('Cyd')])
  })
})

describe('a page is loaded anew', () => {
  test('one is back by oneself, as the same person, with the conversation', async () => {
    const { people } = await gather(home, {}, 'Ada', 'Ben')
    const [ada, ben] = people
    if (!ada || !ben) throw new Error('nobody came')
    await ada.say('before')
    await ben.hears('Ada', 'before')
    const told = await leavings(ada)
    await ben.page.reload()
    await ben.sees('Ada')
    await ben.hears('Ada', 'before')
    await ada.sees('Ben')
    await ben.say('after')
    await ada.hears('Ben', 'after')
    expect(await leavings(ada)).toBe(told)
    expect(await ada.page.locator('#people li').count()).toBe(2)
  })

  test('in a star, guest and host are who they were', async () => {
    const { people } = await gather(home, { kind: 'star' }, 'Hal', 'Ben', 'Cyd')
    const [hal, ben, cyd] = people
    if (!hal || !ben || !cyd) throw new Error('nobody came')
    await ben.page.reload()
    await ben.sees('Hal')
    await ben.sees('Cyd', 'through the host')
    await hal.page.reload()
    await hal.sees('Ben')
    await hal.sees('Cyd')
    await Promise.all([ben.sees('Hal'), cyd.sees('Hal')])
    await ben.say('all here')
    await Promise.all([hal.hears('Ben', 'all here'), cyd.hears('Ben', 'all here')])
    expect(await cyd.log.getByText(/ left\b/).count()).toBe(0)
  })

  test('a room with nobody else in it is still there, and the link opens it', async () => {
    const { people, link } = await gather(home, {}, 'Ada')
    const [ada] = people
    if (!ada) throw new Error('nobody came')
    await ada.page.reload()
    await ada.log.waitFor()
    const ben = await home.arrive(link)
    await ben.stepIn('Ben')
    await Promise.all([ada.sees('Ben'), ben.sees('Ada')])
  })
})
