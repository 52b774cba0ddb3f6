/** What is announced of a call to those who do not see it: what has changed between two states. Pure. */
import type { CallState, MemberId } from '../call/state.ts'
import type { Texts } from './texts/en.ts'

type CallTexts = Texts['call']['said']

/**
 * The names of those who are in a call, which outlast their stay in the room: whoever leaves both may be gone from the room
 * by the time that it is said.
 */
export class CallNames {
  readonly #names = new Map<MemberId, string>()

  /** To be told of every change, of the call and of the room. `nameOf` knows only those who are in the room now. */
  learn(call: CallState | null, nameOf: (member: MemberId) => string | undefined): void {
    for (const { member } of call?.participants ?? []) {
      const name = nameOf(member)
      if (name !== undefined) this.#names.set(member, name)
    }
  }

  of(member: MemberId): string | undefined {
    return this.#names.get(member)
  }
}

/** Nothing for those who are not in the call: the strip that says who is in it is read by itself. */
export const callAnnouncements = (
  before: CallState,
  after: CallState,
  nameOf: (member: MemberId) => string,
  texts: CallTexts,
): readonly string[] => {
  const [was, is] = [before.own, after.own]
  if (is.phase !== 'in') return was.phase === 'in' ? [texts.out] : []
  if (was.phase !== 'in') return [texts.entered]
  return [...ofOthers(before, after, nameOf, texts), ...ofOwn(was, is, texts)]
}

const ofOthers = (
  before: CallState,
  after: CallState,
  nameOf: (member: MemberId) => string,
  texts: CallTexts,
): string[] => {
  const had = new Map(before.participants.map(it => [it.member, screensOf(it)]))
  const has = new Map(after.participants.map(it => [it.member, screensOf(it)]))
  const announced: string[] = []
  // Somebody who has lost the server and found it again goes on under another id: nobody came, and nobody left.
  const newcomers = [...has.keys()].filter(member => !had.has(member))
  const gone = [...had.keys()].filter(member => !has.has(member))
  for (const member of newcomers) {
    const same = gone.findIndex(it => nameOf(it) === nameOf(member))
    const [before] = same < 0 ? [] : gone.splice(same, 1)
    if (before === undefined) announced.push(texts.joined(nameOf(member)))
    else had.set(member, had.get(before) ?? 0)
  }
  for (const [member, screens] of has) {
    const shared = had.get(member)
    if (screens > (shared ?? 0)) announced.push(texts.shares(nameOf(member)))
    if (screens < (shared ?? 0)) announced.push(texts.sharesNot(nameOf(member)))
  }
  for (const member of gone) announced.push(texts.left(nameOf(member)))
  return announced
}

const screensOf = ({ streams }: CallState['participants'][number]): number =>
  streams.filter(({ kind }) => kind === 'screen').length

const ofOwn = (was: CallState['own'], is: CallState['own'], texts: CallTexts): string[] => {
  const announced: string[] = []
  if (was.microphone !== is.microphone) announced.push(is.microphone === 'on' ? texts.unmuted : texts.muted)
  if (was.camera !== is.camera && is.camera !== 'starting')
    announced.push(is.camera === 'on' ? texts.cameraOn : texts.cameraOff)
  if (was.audioOnly !== is.audioOnly) announced.unshift(is.audioOnly ? texts.audioOnly : texts.audioOnlyNot)
  if (is.screens.length > was.screens.length) announced.push(texts.sharing)
  if (is.screens.length < was.screens.length) announced.push(texts.sharingNot)
  return announced
}
