/** Owns what a call has to say in words, over its stage: what is wrong, what to do about it, and what others carry. */
import { useEffect } from 'preact/hooks'
import type { CallCommands, CallState, CallTrouble } from '../../../call/state.ts'
import type { Plugged } from '../../devices.ts'
import { Icon } from '../../parts/icon.tsx'
import { remedyFor } from '../../parts/trouble.tsx'
import { text } from '../../text.ts'

type Props = {
  state: CallState
  call: CallCommands
  reconnecting: boolean
  touch: boolean
  plugged: Plugged | null
  use: (plugged: Plugged) => void
  forget: () => void
}

/** Long enough to be read in passing. */
const passingMs = 8_000

/** What is no trouble any more goes away by itself. */
const usePassing = ({ state: { troubles }, call }: Props): void => {
  const passing = troubles.filter(({ what }) => what === 'replaced').map(({ key }) => key)
  useEffect(() => {
    const timers = passing.map(key => setTimeout(() => call.dismiss(key), passingMs))
    return () => timers.forEach(clearTimeout)
  }, [passing.join(' ')])
}

/** At most the few that matter now; the first is the most urgent. */
export const Notes = (props: Props) => {
  usePassing(props)
  return (
    <div class="notes" role="status">
      {notesOf(props).map(note => (
        <div key={note.key} class={`note note-${note.tone}`}>
          <span class="note-words">
            {note.words}
            {note.action && (
              <button type="button" class="button button-small" onClick={note.action.press}>
                {note.action.label}
              </button>
            )}
          </span>
          {note.dismiss && (
            <button type="button" class="note-dismiss" onClick={note.dismiss}>
              <Icon name="close" />
              <span class="sr-only">{text().call.dismiss}</span>
            </button>
          )}
        </div>
      ))}
    </div>
  )
}

type Note = {
  readonly key: string
  readonly tone: 'plain' | 'warn' | 'good'
  readonly words: string
  readonly action?: { readonly label: string; readonly press: () => void }
  readonly dismiss?: () => void
}

const notesOf = ({ state, call, reconnecting, touch, plugged, use, forget }: Props): Note[] => {
  const { own, carrying, troubles } = state
  const notes: Note[] = troubles.map(trouble => noteOf(trouble, call))
  if (reconnecting) notes.push({ key: 'reconnecting', tone: 'warn', words: text().call.reconnectingAll })
  if (carrying?.strained) notes.push({ key: 'strained', tone: 'warn', words: text().call.strained })
  if (plugged)
    notes.push({
      key: 'plugged',
      tone: 'plain',
      words: text().call.plugged(plugged.device.label),
      action: { label: text().call.useIt, press: () => use(plugged) },
      dismiss: forget,
    })
  if (own.silent) notes.push({ key: 'silent', tone: 'warn', words: text().preview.silent })
  const { pushToTalk, microphone, speaking, talking } = own
  if (pushToTalk && microphone === 'on') {
    const how = touch ? text().call.holdToTalkTouch : text().call.holdToTalk
    notes.push({ key: 'talk', tone: talking ? 'good' : 'plain', words: talking ? text().call.talking : how })
  } else if (speaking && microphone === 'muted')
    notes.push({
      key: 'muted',
      tone: 'plain',
      words: text().call.mutedSpeaking,
      action: { label: text().call.unmute, press: () => void call.setMuted(false) },
    })
  return notes
}

const noteOf = (trouble: CallTrouble, call: CallCommands): Note => {
  const note = {
    key: `trouble ${trouble.key}`,
    tone: trouble.what === 'replaced' ? 'plain' : 'warn',
    words: wordsOf(trouble),
    dismiss: () => call.dismiss(trouble.key),
  } as const
  if (trouble.what !== 'needs-press') return note
  return {
    ...note,
    words: text().call.needsPress,
    action: { label: text().call.playSound, press: () => void call.playSound() },
  }
}

const wordsOf = ({ with: device, what, by }: CallTrouble): string => {
  if (what === 'unsupported' || what === 'needs-press') return text().call.screenUnsupported
  if (device === 'screen') return what === 'blocked' ? text().call.screenBlocked : text().call.troubles.screen
  if (device === 'speaker') return text().call.troubles.speaker
  if (what === 'replaced') return text().call.replaced[device](by || text().preview.devices[device])
  return `${text().preview.troubles[device][what]}. ${remedyFor(what)}`
}
