/** End-to-end encryption in a star that the server hosts: what it cannot read, and what pages do when it tries or one of them cannot encrypt. */
import { randomBytes } from 'node:crypto'
import { expect, test, vi } from 'vitest'
import type { Person } from './browser.ts'
import { arriveWith, type Change, framesOf, keepFrames } from './changed-pages.ts'
import { house } from './house.ts'
import { textsIn } from './memory.ts'
import { OriginalPage } from './original-page.ts'
import { enterCall, hearsSounds, watches } from './senses.ts'
import { accept, bytesOf, cardOf, pick, saved, sha } from './transfers.ts'

// Pictures of several people, made and shown by one machine, take their time on a small one.
vi.setConfig({ testTimeout: 360_000, hookTimeout: 120_000 })

const home = house({ P2PCHAT_HOST__ENABLED: 'true', P2PCHAT_HOST__PORT: '0' })
const through = 'through the server'

const makeRoom = async (name: string, ...changes: Change[]) => {
  const maker = await arriveWith(home, home.server().address, ...changes)
  return { maker, link: await maker.createRoom(name, { kind: 'server' }) }
}

const join = async (link: string, name: string, ...changes: Change[]): Promise<Person> => {
  const person = await arriveWith(home, link, ...changes)
  await person.stepIn(name)
  return person
}

/** Somebody in between shows another key than this page's. */
const exchangeKeys: Change = () => {
  // The blank page that is there first has no cryptography in Firefox.
  if (!globalThis.isSecureContext) return
  const other = crypto.subtle
    .generateKey({ name: 'ECDH', namedCurve: 'P-256' }, true, ['deriveBits'])
    .then(({ publicKey }) => crypto.subtle.exportKey('raw', publicKey))
    .then(raw => btoa(String.fromCharCode(...new Uint8Array(raw))))
    .then(text => text.replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', ''))
  const { send } = RTCDataChannel.prototype
  const changed = function (this: RTCDataChannel, frame: string | ArrayBuffer): void {
    const text = typeof frame === 'string' ? frame : new TextDecoder().decode(frame)
    if (!text.includes('"type":"keys"')) return Reflect.apply(send, this, [frame])
    void other.then(key =>
      Reflect.apply(send, this, [text.replace(/"identity":"[^"]+"/, `"identity":"${key}"`)]),
    )
  }
  Reflect.set(RTCDataChannel.prototype, 'send', changed)
}

const cannotSeal: Change = () => {
  Reflect.deleteProperty(globalThis, 'RTCRtpScriptTransform')
}

/** The browser says that it can, and cannot. */
const failsToSeal: Change = () => {
  Reflect.set(
    globalThis,
    'RTCRtpScriptTransform',
    class {
      constructor() {
        throw new Error('no transform')
      }
    },
  )
}

const codeOf = async (person: Person, name: string): Promise<string> => {
  await person.page.getByRole('button', { name: `Connection to ${name}` }).click()
  const dialog = person.page.getByRole('dialog', { name: `Connection to ${name}` })
  const code = (await dialog.locator('.safety-code').textContent())?.trim() ?? ''
  await person.page.keyboard.press('Escape')
  return code
}

/** How many pictures have been made of what came from others, and how many packets with pictures have come. */
const received = ({ page }: Person): Promise<{ packets: number; pictures: number }> =>
  page.evaluate(async () => {
    const all = { packets: 0, pictures: 0 }
    const made: RTCPeerConnection[] = Reflect.get(globalThis, 'connections')
    const reports = await Promise.all(made.map(it => it.getStats()))
    for (const it of reports.flatMap(report => [...report.values()])) {
      if (it.type !== 'inbound-rtp' || it.kind !== 'video') continue
      all.packets += it.packetsReceived
      all.pictures += it.framesDecoded ?? 0
    }
    return all
  })

const keepConnections: Change = () => {
  const connections: RTCPeerConnection[] = []
  Object.assign(globalThis, { connections })
  const Native = RTCPeerConnection
  globalThis.RTCPeerConnection = class extends Native {
    constructor(configuration?: RTCConfiguration) {
      super(configuration)
      connections.push(this)
    }
  }
}

test('the server holds no word and no name of a file, and two people have the same code', async () => {
  const { maker: ada, link } = await makeRoom('Ada', keepFrames)
  const ben = await join(link, 'Ben', keepFrames)
  await Promise.all([ada.sees('Ben', through), ben.sees('Ada', through)])
  await ada.say('nobody’s business')
  await ben.hears('Ada', 'nobody’s business')
  await ben.say('nor this')
  await ada.hears('Ben', 'nor this')
  const bytes = randomBytes(300_000)
  await pick(ada, 'private plan.bin', bytes)
  const got = await saved(ben, () => accept(ben, 'private plan.bin'))
  expect(sha(await bytesOf(got))).toBe(sha(bytes))
  await cardOf(ada, 'private plan.bin').getByText('Ben: complete').waitFor()
  const [code, other] = [await codeOf(ada, 'Ben'), await codeOf(ben, 'Ada')]
  expect(code).toMatch(/^(\d{5} ){5}\d{5}$/)
  expect(other).toBe(code)
  const said = await Promise.all([framesOf(ada), framesOf(ben)])
  for (const frames of said) {
    expect(frames).toContain('sealed')
    expect(frames).not.toMatch(/business|nor this|private plan|a=fingerprint/)
  }
  // What it knows in any case stands there, to show that the rest would have been found.
  const held = await textsIn(home.server().pid() ?? 0, [
    '"Ada"',
    'nobody’s business',
    'nor this',
    'private plan',
  ])
  expect(held).toEqual(['"Ada"'])
  await ben.page.reload()
  await ada.say('still nobody’s')
  await ben.hears('Ada', 'still nobody’s')
  expect(await codeOf(ben, 'Ada')).toBe(code)
  expect(await ada.log.getByText('a different key').count()).toBe(0)
})

test('whoever comes later reads what those share who are there, and the server has nothing to tell', async () => {
  const { maker: ada, link } = await makeRoom('Ada')
  const ben = await join(link, 'Ben')
  await ada.sees('Ben', through)
  await ada.page.getByRole('button', { name: 'Settings' }).first().click()
  await ada.page.getByRole('tab', { name: 'Chat' }).click()
  await ada.page.getByLabel('Share recent messages').check()
  await ada.page.keyboard.press('Escape')
  await ada.say('for whoever comes later')
  await ben.hears('Ada', 'for whoever comes later')
  const cyd = await join(link, 'Cyd')
  await cyd.isTold('Earlier messages, shared by Ada')
  await cyd.hears('Ada', 'for whoever comes later')
})

test('pages whose keys are exchanged on their way show nothing of each other, and say so', async () => {
  const { maker: ada, link } = await makeRoom('Ada', exchangeKeys, keepConnections)
  const ben = await join(link, 'Ben', keepConnections)
  await ada.isTold('Could not set up encryption with Ben')
  await ben.isTold('Could not set up encryption with Ada')
  await ada.sees('Ben', 'no encryption set up')
  await ada.say('can you read this')
  await enterCall(ada, 'Start call')
  await enterCall(ben, 'Join call')
  for (const [one, other] of [
    [ada, 'Ben'],
    [ben, 'Ada'],
  ] as const) {
    // Packets of the other one's pictures come, and nothing is made of them.
    await one.page.getByRole('region', { name: new RegExp(`^${other}`) }).waitFor()
    await expect.poll(async () => (await received(one)).packets).toBeGreaterThan(50)
    expect((await received(one)).pictures).toBe(0)
  }
  expect(await ben.log.getByText('can you read this').count()).toBe(0)
})

test('a page that cannot seal makes everybody say so, in the room and the call, until it has gone', async () => {
  const { maker: ada, link } = await makeRoom('Ada')
  const ben = await join(link, 'Ben')
  await ada.sees('Ben', through)
  await enterCall(ada, 'Start call')
  await enterCall(ben, 'Join call')
  await Promise.all([watches(ada, /^Ben/), watches(ben, /^Ada/)])
  const old = await arriveWith(home, link, cannotSeal)
  await old.page.getByText('Your browser does not support end-to-end encryption: whoever').waitFor()
  await old.stepIn('Cyd')
  await old.page.getByText('Your browser does not support end-to-end encryption: whoever').first().waitFor()
  const words = 'Cyd’s page does not support end-to-end encryption: whoever runs the server could listen in'
  for (const { page } of [ada, ben]) await page.locator('.notes').getByText(words).waitFor()
  await enterCall(old, 'Join call')
  await Promise.all([watches(old, /^Ada/), watches(old, /^Ben/), watches(ada, /^Cyd/), watches(ben, /^Ada/)])
  await Promise.all([ada, ben, old].map(it => hearsSounds(it, 2)))
  await old.leave()
  for (const { page } of [ada, ben]) {
    await page.getByText('End-to-end encrypted from now on').first().waitFor({ state: 'attached' })
    await page.locator('.notes').getByText(words).waitFor({ state: 'detached' })
  }
  await Promise.all([watches(ada, /^Ben/), watches(ben, /^Ada/), hearsSounds(ada, 1), hearsSounds(ben, 1)])
})

test('a page of the original is announced before it hears anything', async () => {
  const { maker: ada, link } = await makeRoom('Ada')
  const ben = await join(link, 'Ben')
  const browser = [ada, ben]
    .map(it => it.context.browser())
    .find(it => it?.browserType().name() === 'chromium')
  if (!browser) throw new Error('the original asks for Chromium')
  await ada.sees('Ben', through)
  const orla = await OriginalPage.arrive(browser, home.server().address, link, 'Orla')
  await Promise.all(
    [ada, ben].map(it =>
      it.isTold(
        'Orla’s page does not support end-to-end encryption: whoever runs the server could listen in',
      ),
    ),
  )
  await orla.say('from the past')
  await Promise.all([ada.hears('Orla', 'from the past'), ben.hears('Orla', 'from the past')])
  await expect.poll(() => ada.page.locator('.banner').textContent()).toContain('Orla’s page does not support')
  // What was not sealed the server has kept.
  const dan = await join(link, 'Dan')
  await dan.isTold('Earlier messages, kept by the server')
  await dan.hears('Orla', 'from the past')
})

test('a page whose seals fail sends and shows nothing, and says so', async () => {
  const { maker: ada, link } = await makeRoom('Ada')
  const ben = await join(link, 'Ben', failsToSeal)
  await ben.page.getByText('Encryption has failed on this page').first().waitFor()
  await ada.sees('Ben', through)
  await ada.say('are you there')
  await enterCall(ada, 'Start call')
  expect(await ben.log.getByText('are you there').count()).toBe(0)
  expect(await ben.page.getByRole('region', { name: /^Ada/ }).count()).toBe(0)
  await ben.page.getByLabel('Message', { exact: true }).fill('and I am not')
  await ben.page.getByLabel('Message', { exact: true }).press('Enter')
  expect(
    await ben.page.getByRole('button', { name: 'Send', exact: true }).getAttribute('aria-disabled'),
  ).toBe('true')
  await ada.say('still not there')
  expect(await ben.log.getByText('and I am not').count()).toBe(0)
  expect(await ada.log.getByText('and I am not').count()).toBe(0)
})
