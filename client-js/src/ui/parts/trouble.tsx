/** What is said when a microphone or a camera cannot be had: what happened, and what to do about it. */
import type { Input, MediaTrouble } from '../../call/devices.ts'
import { browser, isFramed } from '../browser.ts'
import { texts } from '../language.ts'
import { Icon } from './icon.tsx'

export const remedyFor = (trouble: MediaTrouble): string =>
  trouble === 'blocked'
    ? texts().preview.unblocking[isFramed() ? 'framed' : browser()]
    : texts().preview.remedies[trouble]

type Props = {
  microphone: MediaTrouble | null
  camera: MediaTrouble | null
  again: (inputs: readonly Input[]) => void
}

/** The same trouble with both is said once. */
export const MediaTroubles = ({ microphone, camera, again }: Props) => {
  const both = microphone !== null && microphone === camera ? microphone : null
  const one = both === null ? undefined : texts().preview.troublesBoth[both]
  if (both && one !== undefined)
    return <Help title={one} what={both} again={() => again(['microphone', 'camera'])} />
  return (
    <>
      {microphone && (
        <Help
          title={texts().preview.troubles.microphone[microphone]}
          what={microphone}
          again={() => again(['microphone'])}
        />
      )}
      {camera && (
        <Help title={texts().preview.troubles.camera[camera]} what={camera} again={() => again(['camera'])} />
      )}
    </>
  )
}

const Help = ({ title, what, again }: { title: string; what: MediaTrouble; again: () => void }) => (
  <div class="help" role="alert">
    <Icon name="warning" />
    <div class="help-words">
      <p class="help-title">{title}</p>
      <p>{remedyFor(what)}</p>
      {what !== 'insecure' && (
        <button type="button" class="button button-small" onClick={again}>
          {texts().preview.again}
        </button>
      )}
    </div>
  </div>
)
