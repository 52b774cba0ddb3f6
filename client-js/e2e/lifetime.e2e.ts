/** People, rooms and calls that outlive their connections: in real browsers, with a gate between a page and the server. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { Person } from './browser.ts'
import { behindGate, gather, house } from './house.ts'
import { callTogether, watches } from './senses.ts'
import { startServer, startServerIn } from './server.ts'

const home = house()

const leavings = (person: Person): Promise<number> => person.log.getByText(/ (left|joined)\b/).count()

describe('the line to the server is cut', () => {
  test.each(['cut', 'drop'] as const)(
    '%s: nobody is told, nothing is lost, and whoever comes reaches everybody',
    async how => {
      const { people, link } = await gather(home, {}, 'Ada')
      const [ada] = people
      if (!ada) throw new Error('nobody came')
      const { person: ben, gate } = await behindGate(home, link, 'Ben')
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
    const { person: ben, gate } = await behindGate(home, link, 'Ben')
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
    const { person: ben, gate } = await behindGate(home, link, 'Ben')
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
    const told = await leavings(cyd)
    await hal.page.reload()
    await hal.sees('Ben')
    await hal.sees('Cyd')
    await Promise.all([ben.sees('Hal'), cyd.sees('Hal')])
    await ben.say('all here')
    await Promise.all([hal.hears('Ben', 'all here'), cyd.hears('Ben', 'all here')])
    expect(await leavings(cyd)).toBe(told)
    expect(await ben.log.getByText(/ (left|joined)\b|host/).count()).toBe(0)
  })

  test('a room with nobody else in it is still there, and the link opens it', async () => {
    const { people, link } = await gather(home, {}, 'Ada')
    const [ada] = people
    if (!ada) throw new Error('nobody came')
    await ada.page.reload()
    await ada.page.getByLabel('Link to this room').waitFor()
    const ben = await home.arrive(link)
    await ben.stepIn('Ben')
    await Promise.all([ada.sees('Ben'), ben.sees('Ada')])
  })
})

describe('in a call', () => {
  test('a reload is asked about first, and one is back with the devices as they were', async () => {
    const { people } = await gather(home, {}, 'Ada', 'Ben')
    const [ada, ben] = people
    if (!ada || !ben) throw new Error('nobody came')
    await callTogether(ada, ben)
    await Promise.all([watches(ada, /^Ben/), watches(ben, /^Ada/)])
    const microphone = (pressed: boolean) =>
      ben.page.getByRole('toolbar').getByRole('button', { name: 'Microphone', exact: true, pressed })
    await microphone(true).click()
    await microphone(false).waitFor()
    const asked: string[] = []
    ben.page.on('dialog', dialog => {
      asked.push(dialog.type())
      void dialog.accept()
    })
    await ben.page.reload()
    await Promise.all([watches(ada, /^Ben/), watches(ben, /^Ada/)])
    await microphone(false).waitFor()
    expect(asked).toEqual(['beforeunload'])
    expect(await ada.log.getByText(/Ben left(?! the call)/).count()).toBe(0)
  })

  test('the host of a star closes the page, and the others see each other again', async () => {
    const { people } = await gather(home, { kind: 'star' }, 'Hal', 'Ben', 'Cyd')
    const [hal, ben, cyd] = people
    if (!hal || !ben || !cyd) throw new Error('nobody came')
    await callTogether(hal, ben, cyd)
    await Promise.all([watches(ben, /^Cyd/), watches(cyd, /^Ben/), watches(ben, /^Hal/)])
    await hal.page.close()
    for (const person of [ben, cyd])
      await person.page.getByRole('region', { name: /^Hal/ }).waitFor({ state: 'detached' })
    await Promise.all([watches(ben, /^Cyd/), watches(cyd, /^Ben/)])
  })

  test.each(['cut', 'drop'] as const)(
    'another network: %s, and the picture never stops for long',
    async how => {
      const { people, link } = await gather(home, {}, 'Ada')
      const [ada] = people
      if (!ada) throw new Error('nobody came')
      const { person: ben, gate } = await behindGate(home, link, 'Ben')
      await ben.sees('Ada')
      await callTogether(ada, ben)
      await Promise.all([watches(ada, /^Ben/), watches(ben, /^Ada/)])
      if (how === 'cut') gate.cut()
      else gate.drop()
      await ben.page.evaluate(() => dispatchEvent(new Event('online')))
      await Promise.all([watches(ada, /^Ben/), watches(ben, /^Ada/)])
      gate.open()
      await ben.page.getByText('Connected to the server').first().waitFor()
      await Promise.all([watches(ada, /^Ben/), watches(ben, /^Ada/)])
      const cyd = await home.arrive(link)
      await cyd.stepIn('Cyd')
      await Promise.all([cyd.sees('Ada'), cyd.sees('Ben')])
    },
  )
})

describe('a room whose server knows it no more', () => {
  test.each(['with what it kept', 'without'])(
    '%s: it comes back for those who are in it, and by its link',
    async how => {
      const folder = mkdtempSync(join(tmpdir(), 'p2pchat-state-'))
      const server = await startServerIn(how === 'without' ? 'memory' : folder)
      onTestFinished(async () => {
        await server.stop()
        rmSync(folder, { recursive: true, force: true })
      })
      const ada = await home.arrive(server.address)
      const link = await ada.createRoom('Ada')
      const ben = await home.arrive(link)
      await ben.stepIn('Ben')
      await Promise.all([ada.sees('Ben'), ben.sees('Ada')])
      await server.kill()
      await Promise.all([ada, ben].map(it => it.isTold('Connection to the server lost')))
      await ada.say('while it was away')
      await ben.hears('Ada', 'while it was away')
      await server.start()
      await Promise.all([ada, ben].map(it => it.isTold('Connection to the server restored')))
      const cyd = await home.arrive(link)
      await cyd.stepIn('Cyd')
      await Promise.all([cyd.sees('Ada'), cyd.sees('Ben'), ada.sees('Cyd'), ben.sees('Cyd')])
      expect(await ada.log.getByText(/ left\b/).count()).toBe(0)
      expect(await ben.page.locator('#people li').count()).toBe(3)
    },
  )

  test('is opened again by its link alone, under the same name', async () => {
    const server = await startServer()
    onTestFinished(() => server.stop())
    const ada = await home.arrive(server.address)
    const link = await ada.createRoom('Ada', { kind: 'star', name: 'Tea', password: 'pw' })
    await ada.close()
    await server.kill()
    await server.start()
    const ben = await home.arrive(link)
    await ben.page.getByLabel('Your name').fill('Ben')
    await ben.page.getByRole('button', { name: 'Join room' }).click()
    await ben.page.getByRole('heading', { name: 'Tea', level: 1 }).waitFor()
    const cyd = await home.arrive(link)
    await cyd.stepIn('Cyd')
    await Promise.all([ben.sees('Cyd'), cyd.sees('Ben')])
  })

  test('is one of those that the browser remembers', async () => {
    const ada = await home.arrive()
    const link = await ada.createRoom('Ada')
    await ada.leave()
    await ada.page.getByRole('button', { name: 'Start page' }).click()
    await ada.page.getByRole('button', { name: 'Open: Workshop' }).click()
    await ada.page.getByRole('heading', { name: 'Nobody else is here' }).waitFor()
    const ben = await home.arrive(link)
    await ben.stepIn('Ben')
    await Promise.all([ada.sees('Ben'), ben.sees('Ada')])
  })
})

describe('the host of a star goes', () => {
  test.each(['leaves', 'closes the page'])('%s: another is host, and everybody goes on', async how => {
    const { people, link } = await gather(home, { kind: 'star' }, 'Hal', 'Ben', 'Cyd')
    const [hal, ben, cyd] = people
    if (!hal || !ben || !cyd) throw new Error('nobody came')
    await ben.sees('Cyd', 'through the host')
    if (how === 'leaves') await hal.leave()
    else await hal.page.close()
    const roles = [ben, cyd].map(it => it.log.getByText(/is the host now/).waitFor())
    await Promise.all(roles)
    await Promise.all([ben.sees('Cyd'), cyd.sees('Ben')])
    await ben.say('we go on')
    await cyd.hears('Ben', 'we go on')
    await cyd.say('so we do')
    await ben.hears('Cyd', 'so we do')
    const dan = await home.arrive(link)
    await dan.stepIn('Dan')
    await Promise.all([ben.sees('Dan', ''), cyd.sees('Dan', '')])
    await dan.say('and I')
    await Promise.all([ben.hears('Dan', 'and I'), cyd.hears('Dan', 'and I')])
  })

  test('whoever made it takes the place back by a button', async () => {
    const { people } = await gather(home, { kind: 'star' }, 'Hal', 'Ben')
    const [hal, ben] = people
    if (!hal || !ben) throw new Error('nobody came')
    await hal.leave()
    await ben.isTold('Your device is the host now')
    await hal.page.getByRole('button', { name: 'Rejoin' }).click()
    await hal.sees('Ben')
    await hal.page.getByRole('button', { name: 'Be the host' }).click()
    await hal.isTold('Your device is the host now')
    await Promise.all([hal.sees('Ben'), ben.sees('Hal')])
    await ben.say('welcome back')
    await hal.hears('Ben', 'welcome back')
  })
})
