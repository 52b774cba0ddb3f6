/** Owns the line that says that others are in a call, and the way in. */
import type { CallState } from '../../call/state.ts'
import { shownName } from '../format.ts'
import { Face } from '../parts/face.tsx'
import { Icon } from '../parts/icon.tsx'
import { text } from '../text.ts'

type Props = { names: readonly string[]; join: () => void }

export const CallStrip = ({ names, join }: Props) => (
  <section class="call-strip" aria-label={text.call.area}>
    <div class="call-strip-faces" aria-hidden="true">
      {names.slice(0, 3).map((name, at) => (
        <Face key={at} name={name} />
      ))}
    </div>
    <p class="call-strip-words" role="status">
      {wordsFor(names.map(shownName))}
    </p>
    <button type="button" class="button button-strong" onClick={join}>
      <Icon name="call" />
      {text.call.join}
    </button>
  </section>
)

const wordsFor = ([first = '', second, ...more]: readonly string[]): string => {
  if (second === undefined) return text.call.inIt(first, 0)
  return more.length === 0 ? text.call.inItTwo(first, second) : text.call.inIt(first, more.length + 1)
}

/** Whether anybody is in it whom one could join. */
export const isRunning = (call: CallState | null): boolean => (call?.participants.length ?? 0) > 0
