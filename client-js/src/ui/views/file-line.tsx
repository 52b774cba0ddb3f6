/** Owns one line of the conversation that is about a file: whose it is and when, with the file's card, which is loaded with the first one. */
import type { FileEntry } from '../../room/timeline.ts'
import { shownName } from '../format.ts'
import type { FileCommands, Model } from '../model.ts'
import { Face } from '../parts/face.tsx'
import { later } from '../parts/later.tsx'
import { text } from '../text.ts'
import { Time } from './message.tsx'

const FileOf = later(() => import('./files.tsx').then(it => it.FileOf))

type Props = { entry: FileEntry; model: Model; commands: FileCommands }

export const FileLine = ({ entry, model, commands }: Props) => {
  const name = shownName(entry.name)
  return (
    <article class={entry.own ? 'said said-own' : 'said'} data-key={entry.key}>
      {!entry.own && <Face name={name} />}
      <div class="said-body">
        <p class="said-head">
          <bdi class="said-name">{entry.own ? text().chat.you : name}</bdi> <Time at={entry.at} />
        </p>
        <FileOf entry={entry} model={model} commands={commands} />
      </div>
    </article>
  )
}
