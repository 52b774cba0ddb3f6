/** Owns the strip above the place to write: how far all that moves has come, and one press for several offers at once. */
import { type FilesState, type Incoming, type Outgoing, owedSeconds, type Rate } from '../../files/state.ts'
import { bytesText, perSecondText, secondsText } from '../format.ts'
import type { FileCommands, Model } from '../model.ts'
import { text } from '../text.ts'

export const FilesStrip = ({ model, commands }: { model: Model; commands: FileCommands }) => {
  const state = model.files.value
  const offers = [...state.incoming.values()].filter(({ phase }) => phase === 'offered')
  const moving = moved(state)
  if (offers.length < 2 && moving.length === 0) return null
  return (
    <div class="files-strip">
      {moving.length > 0 && <Sum moving={moving} />}
      {offers.length > 1 && (
        <p>
          <span>{text().files.offers(offers.length)}</span>
          <button
            type="button"
            class="button button-small"
            onClick={() => {
              for (const { key } of offers) commands.accept(key)
            }}
          >
            {text().files.acceptAll}
          </button>
        </p>
      )}
    </div>
  )
}

type Moved = { readonly size: number; readonly done: number; readonly rate: Rate }

/** What has moved long enough to have a speed: a strip that comes and goes within a moment would only make the page jump. */
const moved = ({ incoming, outgoing }: FilesState): Moved[] =>
  [
    ...[...incoming.values()].filter(moves).map(({ size, stored, rate }) => ({ size, done: stored, rate })),
    ...[...outgoing.values()].filter(moves).map(({ size, took, rate }) => ({ size, done: took, rate })),
  ].filter(({ rate }) => rate.perSecond > 0)

const moves = ({ phase, paused }: Incoming | Outgoing): boolean =>
  (phase === 'running' || phase === 'checking' || phase === 'sent') && !paused.ours && !paused.theirs

const sum = (moving: readonly Moved[], of: (it: Moved) => number): number =>
  moving.reduce((before, it) => before + of(it), 0)

/** Changes all the time, so it is not read out by itself. */
const Sum = ({ moving }: { moving: readonly Moved[] }) => {
  const [size, done] = [sum(moving, it => it.size), sum(moving, it => it.done)]
  const perSecond = sum(moving, ({ rate }) => rate.perSecond)
  const left = owedSeconds(size - done, { at: 0, bytes: 0, perSecond })
  return (
    <div aria-live="off">
      <progress aria-label={text().files.moving(moving.length)} max={size} value={done} />
      <p>
        <span>{text().files.moving(moving.length)}</span>
        <span class="files-fine">{text().files.of(bytesText(done), bytesText(size))}</span>
        <span class="files-fine">{perSecondText(perSecond)}</span>
        {left !== null && <span>{text().files.left(secondsText(left))}</span>}
      </p>
    </div>
  )
}
