/** The banners over a call's stage: what is wrong, what to do about it, and what a host relays. */
import { useEffect } from 'preact/hooks'
import type { CallCommands, CallState, CallTrouble } from '../../../call/state.ts'
import type { Plugged } from '../../devices.ts'
import { texts } from '../../language.ts'
import { Icon } from '../../parts/icon.tsx'
import { remedyFor } from '../../parts/trouble.tsx'

type Props = {
  state: CallState
  call: CallCommands
  reconnecting: boolean
  /** What is to be said of the room's not being sealed. */
  unsealed: string | null
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
export const Banners = (props: Props) => {
  usePassing(props)
  return (
    <div class="notes" role="status">
      {bannersOf(props).map(banner => (
        <div key={banner.key} class={`note note-${banner.tone}`}>
          <span class="note-words">
            {banner.words}
            {banner.action && (
              <button type="button" class="button button-small" onClick={banner.action.press}>
                {banner.action.label}
              </button>
            )}
          </span>
          {banner.dismiss && (
            <button type="button" class="note-dismiss" onClick={banner.dismiss}>
              <Icon name="close" />
              <span class="sr-only">{texts().call.dismiss}</span>
            </button>
          )}
        </div>
      ))}
    </div>
  )
}

type Banner = {
  readonly key: string
  readonly tone: 'plain' | 'warn' | 'good'
  readonly words: string
  readonly action?: { readonly label: string; readonly press: () => void }
  readonly dismiss?: () => void
}

/** Passes something on. With one guest there is nobody to pass it on to. */
export const isRelaying = ({ carrying }: CallState): boolean => (carrying?.guests ?? 0) >= 2

export const bannersOf = ({
  state,
  call,
  reconnecting,
  unsealed,
  touch,
  plugged,
  use,
  forget,
}: Props): Banner[] => {
  const { own, carrying, troubles } = state
  const banners: Banner[] = troubles.map(trouble => bannerOf(trouble, call))
  if (unsealed !== null) banners.push({ key: 'unsealed', tone: 'warn', words: unsealed })
  if (reconnecting) banners.push({ key: 'reconnecting', tone: 'warn', words: texts().call.reconnectingAll })
  // Whoever sends no picture is not seen in lower quality, and has nothing to turn off.
  if (carrying?.strained && own.camera === 'on')
    banners.push({ key: 'strained', tone: 'warn', words: texts().call.strained })
  if (plugged)
    banners.push({
      key: 'plugged',
      tone: 'plain',
      words: texts().call.plugged(plugged.device.label),
      action: { label: texts().call.useIt, press: () => use(plugged) },
      dismiss: forget,
    })
  if (own.silent) banners.push({ key: 'silent', tone: 'warn', words: texts().preview.silent })
  const { pushToTalk, microphone, speaking, talking } = own
  if (pushToTalk && microphone === 'on') {
    const how = touch ? texts().call.holdToTalkTouch : texts().call.holdToTalk
    banners.push({
      key: 'talk',
      tone: talking ? 'good' : 'plain',
      words: talking ? texts().call.talking : how,
    })
  } else if (speaking && microphone === 'muted')
    banners.push({
      key: 'muted',
      tone: 'plain',
      words: texts().call.mutedSpeaking,
      action: { label: texts().call.unmute, press: () => void call.setMuted(false) },
    })
  return banners
}

const bannerOf = (trouble: CallTrouble, call: CallCommands): Banner => {
  const banner = {
    key: `trouble ${trouble.key}`,
    tone: trouble.what === 'replaced' ? 'plain' : 'warn',
    words: wordsOf(trouble),
    dismiss: () => call.dismiss(trouble.key),
  } as const
  if (trouble.what !== 'needs-press') return banner
  return {
    ...banner,
    words: texts().call.needsPress,
    action: { label: texts().call.playSound, press: () => void call.playSound() },
  }
}

const wordsOf = ({ with: device, what, by }: CallTrouble): string => {
  if (what === 'unsupported' || what === 'needs-press') return texts().call.screenUnsupported
  if (what === 'echo') return texts().call.screenEcho
  if (device === 'screen')
    return what === 'blocked' ? texts().call.screenBlocked : texts().call.troubles.screen
  if (device === 'speaker') return texts().call.troubles.speaker
  if (what === 'replaced') return texts().call.replaced[device](by || texts().preview.devices[device])
  return `${texts().preview.troubles[device][what]}. ${remedyFor(what)}`
}
