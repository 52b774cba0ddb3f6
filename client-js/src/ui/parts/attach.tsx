/** Owns the button that opens the browser's own window for picking files. */
import { useRef } from 'preact/hooks'
import type { FileCommands } from '../model.ts'
import { picked } from '../picked.ts'
import { text } from '../text.ts'
import { Icon } from './icon.tsx'

export const Attach = ({ canSend, commands }: { canSend: boolean; commands: FileCommands }) => {
  const field = useRef<HTMLInputElement>(null)
  return (
    <>
      <button
        type="button"
        class="button button-icon attach"
        aria-disabled={!canSend}
        onClick={() => canSend && field.current?.click()}
      >
        <Icon name="attach" />
        <span class="sr-only">{text.files.attach}</span>
      </button>
      <input
        ref={field}
        type="file"
        multiple
        hidden
        aria-label={text.files.attach}
        onChange={({ currentTarget }) => {
          commands.share(picked(currentTarget.files ?? new DataTransfer().files))
          currentTarget.value = ''
        }}
      />
    </>
  )
}
