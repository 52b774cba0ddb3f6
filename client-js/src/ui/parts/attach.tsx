/** Owns the buttons that open the browser's own windows for picking files, and a folder where browsers can do that. */
import { useRef } from 'preact/hooks'
import type { FileCommands } from '../model.ts'
import { picked } from '../picked.ts'
import { text } from '../text.ts'
import { Icon, type IconName } from './icon.tsx'

const folders = 'webkitdirectory' in HTMLInputElement.prototype

type Props = { canSend: boolean; commands: FileCommands }

export const Attach = (props: Props) => (
  <span class="attach">
    <Pick {...props} icon="attach" label={text().files.attach} kind="multiple" />
    {folders && <Pick {...props} icon="folder" label={text().files.attachFolder} kind="webkitdirectory" />}
  </span>
)

type PickProps = Props & { icon: IconName; label: string; kind: 'multiple' | 'webkitdirectory' }

const Pick = ({ canSend, commands, icon, label, kind }: PickProps) => {
  const field = useRef<HTMLInputElement>(null)
  return (
    <>
      <button
        type="button"
        class="button button-icon"
        aria-disabled={!canSend}
        title={label}
        onClick={() => canSend && field.current?.click()}
      >
        <Icon name={icon} />
        <span class="sr-only">{label}</span>
      </button>
      <input
        ref={field}
        type="file"
        hidden
        aria-label={label}
        {...{ [kind]: true }}
        onChange={({ currentTarget }) => {
          commands.share(picked(currentTarget.files ?? new DataTransfer().files))
          currentTarget.value = ''
        }}
      />
    </>
  )
}
