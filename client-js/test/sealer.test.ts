/** Several pages that seal for each other past a host that is nobody's friend: it changes, repeats and holds back what it likes. */
import { pbkdf2Sync } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { MediaKeys, MediaMode } from '../src/sealing/keyring.ts'
import { identityFor, Sealer, type SealingStatus } from '../src/sealing/sealer.ts'
import { type MemberId, memberId, messageId } from '../src/wire/ids.ts'
import type { IdentityKeys, SealedMessage } from '../src/wire/sealing.ts'
import { soon } from './soon.ts'

type Page = {
  readonly name: MemberId
  readonly sealer: Sealer
  readonly heard: unknown[]
  readonly changed: MemberId[]
  readonly keys: { member: MemberId; epoch: number; keys: MediaKeys }[]
  readonly sealed: number[]
  readonly modes: MediaMode[]
  status: SealingStatus
  failed: boolean
}

const pages = new Map<MemberId, Page>()
/** Everything that went through the host. */
let mail: { from: MemberId; message: SealedMessage }[] = []
let inBetween = (message: SealedMessage, _from: MemberId): SealedMessage | null => message

const pass = async (from: MemberId, message: SealedMessage): Promise<void> => {
  mail.push({ from, message })
  const changed = inBetween(message, from)
  if (!changed) return
  const to = changed.kind === 'sealed' ? null : changed.to
  for (const page of pages.values())
    if (page.name !== from && (to === null || to === page.name))
      await page.sealer.hear(from, changed, value => page.heard.push(value))
}

const arrive = async (text: string, known: IdentityKeys | null = null): Promise<Page> => {
  const { identity, secret } = await identityFor(known)
  const name = memberId(text)
  const none: ReadonlySet<MemberId> = new Set()
  const [keys, sealed, modes]: [Page['keys'], number[], MediaMode[]] = [[], [], []]
  const media = {
    setMode: (mode: MediaMode) => void modes.push(mode),
    seal: (epoch: number) => void sealed.push(epoch),
    add: (member: MemberId, epoch: number, it: MediaKeys) => void keys.push({ member, epoch, keys: it }),
    dropBefore: () => undefined,
    protect: () => true,
    setOwners: () => undefined,
    close: () => undefined,
  }
  const sealer: Sealer = new Sealer(identity, secret, 'room', media, {
    say: (_, message) => void pass(name, message),
    keyChanged: member => page.changed.push(member),
    status: status => {
      page.status = status
    },
    failed: () => {
      page.failed = true
    },
    now: () => Date.now(),
  })
  const status = { agreed: none, failing: none }
  const page: Page = { name, sealer, heard: [], changed: [], keys, sealed, modes, status, failed: false }
  pages.get(name)?.sealer.close()
  pages.set(name, page)
  return page
}

/** Everybody knows everybody. */
const meet = (): void => {
  for (const { name, sealer } of pages.values())
    sealer.setMembers(new Set([...pages.keys()].filter(it => it !== name)))
}
const agreed = async (...all: Page[]): Promise<void> => {
  for (const { name, status } of all)
    await soon(() => {
      const now = pages.get(name)?.status ?? status
      expect([...now.agreed].sort()).toEqual([...pages.keys()].filter(it => it !== name).sort())
    })
}
const say = async (
  { name, sealer }: Page,
  text: string,
  id: string | null = null,
): Promise<SealedMessage> => {
  const message = await sealer.seal({ text }, messageId(id))
  if (!message) throw new Error('not sealed')
  await pass(name, message)
  return message
}

/** As Node makes it. */
const codeBy = (...both: Page[]): string[] => {
  const keys = both.map(it => it.sealer.identity.publicKey).sort()
  const hash = pbkdf2Sync(['p2pchat identity code 1', ...keys].join('\n'), '', 100_000, 32, 'sha256')
  const digits = String(BigInt(`0x${hash.toString('hex')}`) % 10n ** 30n).padStart(30, '0')
  return digits.match(/\d{5}/g) ?? []
}

let [ada, ben, cyd] = [] as unknown as [Page, Page, Page]

beforeEach(async () => {
  mail = []
  inBetween = message => message
  ada = await arrive('ada')
  ben = await arrive('ben')
  cyd = await arrive('cyd')
})
afterEach(() => {
  vi.useRealTimers()
  for (const { sealer } of pages.values()) sealer.close()
  pages.clear()
})

describe('words', () => {
  test('are opened by everybody who is there, and nobody else', async () => {
    meet()
    await agreed(ada, ben, cyd)
    await say(ada, 'to all')
    expect([ben.heard, cyd.heard]).toEqual([[{ text: 'to all' }], [{ text: 'to all' }]])
    const alone = await ada.sealer.sealFor(ben.name, { text: 'for Ben' }, false)
    expect(alone).toMatchObject({ kind: 'sealed-for', to: ben.name })
    if (alone) await cyd.sealer.hear(ada.name, alone, value => cyd.heard.push(value))
    if (alone) await pass(ada.name, alone)
    expect([ben.heard.at(-1), cyd.heard.length]).toEqual([{ text: 'for Ben' }, 1])
    expect(JSON.stringify(mail)).not.toMatch(/to all|for Ben/)
    expect([ada, ben, cyd].map(it => it.failed)).toEqual([false, false, false])
  })

  test('pass for nobody else’s, under no other name, and once', async () => {
    meet()
    await agreed(ada, ben, cyd)
    const message = await say(ada, 'hello', 'm1')
    expect(ben.heard).toHaveLength(1)
    const again = [
      [ada.name, message],
      [cyd.name, message],
      [ada.name, { ...message, id: messageId('m2') }],
    ] as [MemberId, SealedMessage][]
    for (const [from, it] of again) await ben.sealer.hear(from, it, value => ben.heard.push(value))
    expect(ben.heard).toHaveLength(1)
  })

  test('wait a moment for a key that is on its way', async () => {
    inBetween = message => (message.kind === 'keys' ? null : message)
    meet()
    await say(ada, 'early', 'm1')
    expect(ben.heard).toEqual([])
    inBetween = message => message
    const early = mail.filter(it => it.message.kind === 'keys')
    for (const { from, message } of early) await pass(from, message)
    await soon(() => expect(ben.heard).toEqual([{ text: 'early' }]))
  })

  test('that are too many for a frame are not sealed', async () => {
    meet()
    await agreed(ada, ben, cyd)
    expect(await ada.sealer.seal({ text: 'x'.repeat(50_000) }, null)).toBeNull()
    const most = await ada.sealer.seal({ text: 'x'.repeat(44_000) }, null)
    expect(JSON.stringify(most).length).toBeLessThan(65_000)
    expect(ada.failed).toBe(false)
  })

  test('for somebody with whom nothing was agreed on are not sealed', async () => {
    expect(await ada.sealer.sealFor(ben.name, {}, false)).toBeNull()
  })
})

test('nothing is sealed twice with the same key and counter', async () => {
  meet()
  await agreed(ada, ben, cyd)
  await Promise.all(Array.from({ length: 40 }, (_, at) => say(ada, `${at}`)))
  await Promise.all(
    Array.from({ length: 20 }, () =>
      ada.sealer.sealFor(ben.name, {}, false).then(it => it && pass(ada.name, it)),
    ),
  )
  // Epoch, counter and whom it is for; each pair of pages has keys of its own.
  const used = mail
    .filter(it => it.from === ada.name)
    .flatMap(({ message }) => {
      const nonce = message.kind === 'keys' ? message.known : ''
      const to = message.kind === 'sealed' ? '' : `${message.to}`
      return message.box === null ? [] : [`${to} ${to === ben.name ? '' : nonce} ${message.box.slice(0, 7)}`]
    })
  expect(used.length).toBeGreaterThan(60)
  expect(new Set(used).size).toBe(used.length)
})

describe('somebody who', () => {
  test('has gone cannot open what is said some seconds later', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] })
    meet()
    await agreed(ada, ben, cyd)
    for (const page of [ada, ben])
      page.sealer.setMembers(new Set([ada.name, ben.name].filter(it => it !== page.name)))
    await vi.advanceTimersByTimeAsync(6_000)
    await soon(() => expect(ada.sealed.length).toBeGreaterThan(1))
    await vi.advanceTimersByTimeAsync(100)
    const before = cyd.heard.length
    await say(ada, 'without Cyd')
    expect(ben.heard).toContainEqual({ text: 'without Cyd' })
    expect(cyd.heard.length).toBe(before)
  })

  test('comes later cannot open what was said before', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] })
    pages.delete(cyd.name)
    meet()
    await agreed(ada, ben)
    await vi.advanceTimersByTimeAsync(20_000)
    const before = await say(ada, 'before')
    pages.set(cyd.name, cyd)
    meet()
    await agreed(ada, ben, cyd)
    await cyd.sealer.hear(ada.name, before, value => cyd.heard.push(value))
    await vi.advanceTimersByTimeAsync(1_500)
    await say(ada, 'after')
    expect(cyd.heard).toEqual([{ text: 'after' }])
    expect(ben.heard).toEqual([{ text: 'before' }, { text: 'after' }])
  })

  test('loads their page anew is known by the same key, and old boxes are good for nothing', async () => {
    meet()
    await agreed(ada, ben, cyd)
    await say(ada, 'before')
    const old = [...mail]
    const bens = await arrive('ben', ben.sealer.identity)
    meet()
    await agreed(ada, bens, cyd)
    expect([ada.changed, cyd.changed]).toEqual([[], []])
    expect(await ada.sealer.code(ben.name)).toEqual(await bens.sealer.code(ada.name))
    const [kept, heard] = [bens.keys.length, bens.heard.length]
    const [adas] = [ada.keys.length]
    for (const { from, message } of old)
      if (message.kind !== 'keys' || message.box !== null) await pass(from, message)
    await say(ada, 'now')
    await soon(() => expect(bens.heard.at(-1)).toEqual({ text: 'now' }))
    expect(bens.heard.length - heard).toBeLessThanOrEqual(2)
    expect([bens.keys.length, ada.keys.length]).toEqual([kept, adas])
  })
})

describe('whoever sits in between', () => {
  test('and changes a key makes an agreement fail, which both say, and neither opens a word', async () => {
    const eve = (await identityFor(null)).identity.publicKey
    inBetween = (message, from) =>
      message.kind === 'keys' && from === ada.name && message.to === ben.name
        ? { ...message, identity: eve }
        : message
    meet()
    await soon(() => expect([...ben.status.failing]).toEqual([ada.name]))
    await soon(() => expect([...ada.status.failing]).toEqual([ben.name]))
    await say(ada, 'hello')
    await say(ben, 'hello too')
    expect([ben.heard, ada.heard]).toEqual([[], []])
    expect([await ada.sealer.code(ben.name), await ben.sealer.code(ada.name)]).toEqual([null, null])
    expect(cyd.heard).toEqual([{ text: 'hello' }, { text: 'hello too' }])
  })

  test('and speaks as both has to show other codes than theirs', async () => {
    meet()
    await agreed(ada, ben, cyd)
    const codes = await Promise.all([
      ada.sealer.code(ben.name),
      ben.sealer.code(ada.name),
      ada.sealer.code(cyd.name),
      ben.sealer.code(cyd.name),
    ])
    expect(codes[0]).toEqual(codes[1])
    expect(codes[0]).toEqual(codeBy(ada, ben))
    expect(new Set(codes.map(String)).size).toBe(3)
  })

  test('and comes with a key of their own later is spoken of', async () => {
    meet()
    await agreed(ada, ben, cyd)
    await arrive('ben')
    meet()
    await soon(() => expect(ada.changed).toEqual([ben.name]))
  })

  test('and says nonsense breaks nothing', async () => {
    meet()
    await agreed(ada, ben, cyd)
    const endOf = ({ name }: Page) => {
      const found = mail.find(it => it.from === name && it.message.kind === 'keys')?.message
      if (found?.kind !== 'keys') throw new Error('has said nothing of keys')
      return found
    }
    const [{ identity, nonce }, { nonce: known }] = [endOf(ada), endOf(ben)]
    const nonsense: SealedMessage[] = [
      { kind: 'sealed', id: null, box: 'A' },
      { kind: 'sealed', id: null, box: 'AAAA' },
      { kind: 'sealed', id: null, box: 'A'.repeat(60_000) },
      { kind: 'sealed-for', to: ben.name, chunk: false, box: 'AAAAAAAAAAAA' },
      { kind: 'keys', to: ben.name, identity: `B${'A'.repeat(86)}`, nonce, known: null, box: null },
      { kind: 'keys', to: ben.name, identity, nonce, known, box: 'AAAAAAAA' },
    ]
    for (const message of nonsense) await ben.sealer.hear(ada.name, message, value => ben.heard.push(value))
    expect([ben.heard, ben.failed]).toEqual([[], false])
  })
})
