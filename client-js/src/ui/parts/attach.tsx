/**
 * The ways to share files: the browser's own windows for picking files or a folder, and dropping or pasting them
 * anywhere on the page.
 */
import { useEffect, useRef, useState } from 'preact/hooks'
import { shownName } from '../format.ts'
import { texts } from '../language.ts'
import type { FileCommands, Model } from '../model.ts'
import { dropped, holdsFiles, pastesText, picked } from '../picked.ts'
import { Icon, type IconName } from './icon.tsx'

const folders = 'webkitdirectory' in HTMLInputElement.prototype

type Props = { canSend: boolean; commands: FileCommands }

export const Attach = (props: Props) => (
  <span class="attach">
    <Pick {...props} icon="attach" label={texts().files.attach} kind="multiple" />
    {folders && <Pick {...props} icon="folder" label={texts().files.attachFolder} kind="webkitdirectory" />}
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

type DropProps = { model: Model; room: string; ready: boolean; commands: FileCommands }

const shownMs = 15_000
const namesMax = 3

export const Drop = ({ model, room, ready, commands }: DropProps) => {
  const [over, setOver] = useState(false)
  const unreadable = model.unreadable.value
  useEffect(() => {
    if (unreadable.length === 0) return
    const timer = setTimeout(() => {
      model.unreadable.value = []
    }, shownMs)
    return () => clearTimeout(timer)
  }, [unreadable])
  useEffect(() => listen({ setOver, share: commands.share }), [commands.share])
  return (
    <>
      <div class="drop-refused" role="alert">
        {unreadable.length > 0 && (
          <p>
            {texts().files.unreadable(
              unreadable.slice(0, namesMax).map(shownName).join(', '),
              Math.max(0, unreadable.length - namesMax),
            )}
          </p>
        )}
      </div>
      {over && (
        <div class="drop">
          <p>{ready ? texts().files.dropFor(room) : texts().files.nobodyThere}</p>
        </div>
      )}
    </>
  )
}

type DropPorts = { setOver: (over: boolean) => void; share: FileCommands['share'] }

const listen = ({ setOver, share }: DropPorts): (() => void) => {
  // Every element under the pointer enters and leaves; only the sum says whether it is still over the page.
  let depth = 0
  const off = new AbortController()
  const { signal } = off
  const shareFiles = (transfer: DataTransfer): void => void dropped(transfer).then(share)
  addEventListener(
    'dragenter',
    event => {
      if (!holdsFiles(event.dataTransfer)) return
      event.preventDefault()
      depth += 1
      setOver(true)
    },
    { signal },
  )
  addEventListener(
    'dragleave',
    event => {
      if (!holdsFiles(event.dataTransfer)) return
      depth -= 1
      if (depth <= 0) setOver(false)
    },
    { signal },
  )
  addEventListener('dragover', event => holdsFiles(event.dataTransfer) && event.preventDefault(), { signal })
  addEventListener(
    'drop',
    event => {
      depth = 0
      setOver(false)
      if (!holdsFiles(event.dataTransfer)) return
      event.preventDefault()
      shareFiles(event.dataTransfer)
    },
    { signal },
  )
  addEventListener(
    'paste',
    event => {
      const { clipboardData, target } = event
      if (!holdsFiles(clipboardData)) return
      const inField = target instanceof Element && target.closest('textarea, input') !== null
      if (inField && pastesText(clipboardData.getData('text/plain'), [...clipboardData.files])) return
      event.preventDefault()
      shareFiles(clipboardData)
    },
    { signal },
  )
  return () => off.abort()
}
