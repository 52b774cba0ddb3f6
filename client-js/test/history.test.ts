/** Going back and forward in the browser, in a room and out of one. */
import { afterEach, expect, test, vi } from 'vitest'
import { afterMove, type Moved, roomHistory } from '../src/app/history.ts'
import { bareAddress } from '../src/app/invitations.ts'
import { roomId } from '../src/wire/ids.ts'

afterEach(() => vi.unstubAllGlobals())

const [tea, talk] = [roomId('tea'), roomId('talk')]
const inTea: Moved = { room: tea, ended: false, entry: null, invited: null, asking: false }

test.each<[string, Partial<Moved>, ReturnType<typeof afterMove>]>([
  ['back to the start page asks first', {}, 'ask'],
  ['back to the room’s own invitation asks, too', { invited: tea }, 'ask'],
  ['back to another room’s entry asks as well', { entry: talk }, 'ask'],
  ['forward into the room’s entry again is nothing', { entry: tea, invited: tea }, 'stay'],
  ['a second step back, while it is asked, is an answer', { asking: true }, 'leave'],
  ['out of a room that has ended there is nothing to ask', { ended: true }, 'leave'],
  ['a link to another room is followed like any link', { invited: talk }, 'stay'],
  ['outside of rooms the address decides', { room: null, invited: talk }, 'show'],
])('%s', (_, moved, does) => expect(afterMove({ ...inTea, ...moved })).toBe(does))

/** As much of a browser's history as is used. */
class Entries {
  readonly all: { state: unknown; address: string }[] = [{ state: null, address: 'https://talk.example/' }]
  pushState = (state: unknown, _: string, address: string): void => {
    if (this.all.length > 2) throw new DOMException('too many', 'SecurityError')
    this.all.push({ state, address })
  }
  replaceState = (state: unknown, _: string, address: string): void => {
    this.all.splice(-1, 1, { state, address })
  }
  get state(): unknown {
    return this.all.at(-1)?.state
  }
}

test('a room has one entry, across reloads and changes of its link, and the browser may refuse another', () => {
  const entries = new Entries()
  vi.stubGlobal('history', entries)
  roomHistory.enterRoom('#tea', tea)
  roomHistory.setAddress('#tea&key=new')
  roomHistory.enterRoom('#tea&key=new', tea)
  expect(entries.all.map(({ address }) => address)).toEqual(['https://talk.example/', '#tea&key=new'])
  expect(roomHistory.entry()).toBe(tea)
  roomHistory.enterRoom('#talk', talk)
  expect(roomHistory.entry()).toBe(talk)
  expect(() => roomHistory.enterRoom('#third', roomId('third'))).not.toThrow()
  // What a reload needs stands in the address all the same.
  expect(entries.all.at(-1)).toEqual({ state: { room: roomId('third') }, address: '#third' })
})

test('the bare address keeps the path that the page is at', () => {
  expect(bareAddress('https://talk.example/chat/?a=b#room=x')).toBe('https://talk.example/chat/')
})
