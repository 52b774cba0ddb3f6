/** Owns the button that copies the room's link, and the link itself for those whose browser will not copy. */
import { useEffect, useId, useState } from 'preact/hooks'
import type { Commands } from '../model.ts'
import { text } from '../text.ts'
import { Icon } from './icon.tsx'

const backMs = 2_500

export const CopyLink = ({
  commands,
  link,
  shown,
  small,
}: {
  commands: Commands
  link: string
  shown?: boolean
  small?: boolean
}) => {
  const id = useId()
  const [result, setResult] = useState<'copied' | 'failed' | null>(null)
  useEffect(() => {
    if (result !== 'copied') return
    const timer = setTimeout(() => setResult(null), backMs)
    return () => clearTimeout(timer)
  }, [result])
  const copy = async (): Promise<void> => setResult((await commands.copy(link)) ? 'copied' : 'failed')
  return (
    <div class="copy">
      {(shown || result === 'failed') && (
        <>
          <label class="sr-only" for={id}>
            {text().room.link}
          </label>
          <input
            id={id}
            class="copy-link"
            dir="ltr"
            type="text"
            readOnly
            value={link}
            onFocus={event => event.currentTarget.select()}
          />
        </>
      )}
      <button
        type="button"
        class={small ? 'button button-small' : shown ? 'button button-strong' : 'button button-wide'}
        onClick={() => void copy()}
      >
        <Icon name="copy" />
        {result === 'copied' ? text().room.copied : text().room.invite}
      </button>
      <p class="copy-result" role="status">
        {result === 'failed' && text().room.copyFailed}
        {result === 'copied' && <span class="sr-only">{text().room.copied}</span>}
      </p>
    </div>
  )
}
