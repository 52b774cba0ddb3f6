/** A page of bad will in a room: what others say and offer stays, and they go on talking. */
import { expect, test } from 'vitest'
import { fileId, memberId, messageId } from '../src/wire/ids.ts'
import { writeMesh } from '../src/wire/mesh.ts'
import type { PeerMessage } from '../src/wire/peer.ts'
import type { Person } from './browser.ts'
import { house } from './house.ts'

const home = house()

/** Keeps every channel of a page at hand. Run before the page's own scripts. */
const keepChannels = (): void => {
  const channels: RTCDataChannel[] = []
  Object.assign(globalThis, { channels })
  const Native = RTCPeerConnection
  globalThis.RTCPeerConnection = class extends Native {
    constructor(configuration?: RTCConfiguration) {
      super(configuration)
      this.addEventListener('datachannel', ({ channel }) => channels.push(channel))
    }
    override createDataChannel(label: string, options?: RTCDataChannelInit): RTCDataChannel {
      const made = super.createDataChannel(label, options)
      channels.push(made)
      return made
    }
  }
}

/** Sends these over every channel of the page, as fast as they go out. */
const flood = ({ page }: Person, messages: readonly PeerMessage[]): Promise<void> =>
  page.evaluate(
    async frames => {
      const { channels } = globalThis as unknown as { channels: RTCDataChannel[] }
      const encoder = new TextEncoder()
      for (const frame of frames)
        for (const channel of channels) {
          while (channel.bufferedAmount > 1_000_000) await new Promise(resolve => setTimeout(resolve))
          if (channel.readyState === 'open') channel.send(encoder.encode(frame))
        }
    },
    messages.map(message => JSON.stringify(writeMesh(message, memberId('eve')))),
  )

test('a flood of words, files, reactions and nonsense wipes nothing, and keeps nobody from talking', async () => {
  const ada = await home.arrive()
  const link = await ada.createRoom('Ada')
  const ben = await home.arrive(link)
  await ben.stepIn('Ben')
  const eve = await home.arrive('about:blank')
  await eve.context.addInitScript(keepChannels)
  await eve.page.goto(link)
  await eve.stepIn('Eve')
  await Promise.all([ada.sees('Eve'), ben.sees('Eve'), ben.sees('Ada')])
  for (let count = 0; count < 5; count++) await ben.say(`kept ${count}`)
  await ada.hears('Ben', 'kept 4')
  const chat = (text: string, listed = 0): PeerMessage => ({
    kind: 'chat',
    text,
    id: messageId(`eve-${text}`),
    replyTo: null,
    ...(listed > 0 && {
      files: Array.from({ length: listed }, (_, at) => ({
        id: fileId(`${text} ${at}`),
        name: `${text} ${at}`,
        size: 1,
        media: '',
      })),
    }),
  })
  const many = <T>(count: number, of: (at: number) => T): T[] =>
    Array.from({ length: count }, (_, at) => of(at))
  await flood(eve, [
    ...many(4_000, at => chat(`flood ${at}`)),
    ...many(200, at => chat(`files ${at}`, 20)),
    ...many(4_000, (at): PeerMessage => ({ kind: 'typing', on: at % 2 === 0 })),
    ...many(4_000, (): PeerMessage => ({ kind: 'ask-history' })),
  ])
  const told = ada.log.getByText('Eve is sending faster than can be displayed')
  await told.first().waitFor()
  await ben.say('still talking')
  await ada.hears('Ben', 'still talking')
  await ada.say('and so am I')
  await ben.hears('Ada', 'and so am I')
  for (let count = 0; count < 5; count++) await ada.hears('Ben', `kept ${count}`)
  expect(await told.count()).toBe(1)
  expect(await ada.log.getByText(/^flood \d+$/).count()).toBeLessThan(1_000)
})
