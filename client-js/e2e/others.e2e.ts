/** Small pages of our own that behave like those of other projects, each at the listener of its vocabulary. */
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { Caller } from './caller.ts'
import { launch } from './engines.ts'
import { dress, Other } from './other.ts'
import { hall } from './sockets/hall.ts'
import { speakers } from './sockets/speakers.ts'

// Pictures of several people, made and shown by one machine, take their time on a small one.
vi.setConfig({ testTimeout: 360_000, hookTimeout: 120_000 })

const host = hall(dress)
const { chatter, named, plain } = speakers(host)
let browser: Browser

beforeAll(async () => {
  browser = await launch()
})
afterAll(() => browser.close())

test('textchat: three talk in a mesh, and again after one has reloaded its page', async () => {
  const ada = await Other.come(browser, host('textchat'))
  await ada.page.waitForURL('**?room=*')
  const { search } = new URL(ada.page.url())
  const ben = await Other.come(browser, host('textchat'), search)
  await ada.says('Ada to one', 1)
  const cyd = await Other.come(browser, host('textchat'), search)
  for (const [name, person] of Object.entries({ ada, ben, cyd })) await person.says(name, 2)
  await Promise.all([ada.hears('ben', 'cyd'), ben.hears('ada', 'cyd'), cyd.hears('ada', 'ben')])
  await ben.page.reload()
  await ben.isReady()
  await ben.says('ben is back', 2)
  await Promise.all([ada.hears('ben is back'), cyd.hears('ben is back')])
  await cyd.says('welcome', 2)
  await ben.hears('welcome')
})

test('videocall: two see each other', async () => {
  const people = [await Other.come(browser, host('videocall')), await Other.come(browser, host('videocall'))]
  await Promise.all(people.map(it => it.watches()))
})

test('poc: two that come at the same moment see each other, and again after one has reloaded its page', async () => {
  const people = await Promise.all([Other.come(browser, host('poc')), Other.come(browser, host('poc'))])
  await Promise.all(people.map(it => it.watches()))
  await people[0].page.reload()
  await Promise.all(people.map(it => it.watches()))
})

test('poc: one whose only offer nobody heard sees the other all the same', async () => {
  const ada = await Other.come(browser, host('poc'))
  await ada.isReady()
  const ben = await Other.come(browser, host('poc'), '?mute')
  await Promise.all([ada.watches(), ben.watches()])
})

test('mqtt: two that call each other at the same moment talk', async () => {
  const people = [
    await Other.come(browser, host('mqtt'), '?ada'),
    await Other.come(browser, host('mqtt'), '?ben'),
  ] as const
  const [ada, ben] = people
  await Promise.all(people.map(it => it.isReady()))
  await Promise.all([ada.call('ben'), ben.call('ada')])
  await Promise.all([ada.says('from Ada', 1), ben.says('from Ben', 1)])
  await Promise.all([ada.hears('from Ben'), ben.hears('from Ada')])
})

test('a call of ours goes on untouched while the other vocabularies are flooded, spoken wrong and fought over', async () => {
  const address = `http://${host('p2pchat')}`
  const [ada, ben] = [
    await Caller.arrive(browser, address, 'Ada'),
    await Caller.arrive(browser, address, 'Ben'),
  ]
  try {
    await ben.enter(await ada.enter({ name: 'Call', kind: 'mesh' }))
    for (const it of [ada, ben]) await it.join()
    await Promise.all([ada.watches('Ben'), ben.watches('Ada')])
    const again: string[] = []
    for (const { page } of [ada, ben]) {
      page.on('request', request => again.push(request.url()))
      page.on('websocket', socket => again.push(socket.url()))
    }
    const connections = (it: Caller) =>
      it.page.evaluate(() => {
        const all = (globalThis as unknown as { connections: RTCPeerConnection[] }).connections
        return all.map(({ connectionState }) => connectionState)
      })
    const before = [await connections(ada), await connections(ben)]

    const [eve, chat] = [await named('eve'), await chatter(['websocket'])]
    expect(await eve.register()).toBe(true)
    const noise = [await plain('poc'), await plain('videocall')]
    for (let n = 0; n < 3_000; n++) {
      eve.send('eve', { type: 'signal-offer', offer: 'x'.repeat(1_000) })
      for (const it of noise) it.sayAnything(n % 2 === 0 ? '{' : '{"type":"join","room":"__proto__"}')
      chat.say('join-room', { toString: n })
    }
    const watching = Promise.all([ada.watches('Ben'), ben.watches('Ada')])
    const twin = await named('eve')
    expect(await twin.register()).toBe(false)
    await watching
    await Promise.all([ada.watches('Ben'), ben.watches('Ada')])
    expect([await connections(ada), await connections(ben)]).toEqual(before)
    // One that polls asks again and again; nobody begins anew.
    expect(again.filter(it => !it.includes('sid='))).toEqual([])
  } finally {
    await Promise.all([ada.close(), ben.close()])
  }
})
