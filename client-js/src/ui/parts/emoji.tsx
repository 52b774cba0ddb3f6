/** The button that opens the choice of emoji. The choice itself is loaded when it is opened for the first time. */
import type { ReadonlySignal } from '@preact/signals'
import type { Settings } from '../../app/settings.ts'
import type { Commands } from '../model.ts'
import { Popover } from './popover.tsx'
import { lazy } from './wrappers.tsx'

const EmojiPicker = lazy(() => import('./emoji-picker.tsx').then(({ EmojiPicker }) => EmojiPicker))

/** What is remembered of earlier choices. */
export type EmojiMemory = {
  readonly settings: ReadonlySignal<Settings>
  readonly choose: Commands['choose']
}

type Props = {
  label: string
  class: string
  /** What an emoji is chosen for, and which the choice does not cover. */
  clearOf: string
  memory: EmojiMemory
  pick: (emoji: string) => void
  toggled?: (open: boolean) => void
}

export const EmojiButton = ({ label, class: kind, clearOf, memory, pick, toggled }: Props) => (
  <Popover label={label} icon="emoji" class={kind} clearOf={clearOf} {...(toggled ? { toggled } : {})}>
    {close => (
      // It stands within the log, which reads out whatever comes.
      <div class="emoji-place" aria-live="off">
        <EmojiPicker
          memory={memory}
          pick={emoji => {
            close()
            pick(emoji)
          }}
        />
      </div>
    )}
  </Popover>
)
