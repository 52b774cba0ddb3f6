/**
 * The few drawings of the page, and the avatars that stand for people. All are decoration beside words, so none is read
 * out.
 */
import { hueOf, initials } from '../format.ts'

/** What the first view shows. */
const firstPaths = {
  mesh: 'M6 6.5h12M6 6.5v11M18 6.5v11M6 17.5h12M6 6.5l12 11M18 6.5l-12 11',
  star: 'M12 12 5.5 6M12 12l6.5-6M12 12l-6.5 6M12 12l6.5 6',
  settings:
    'M4 7.5h8M16 7.5h4M4 16.5h4M12 16.5h8M16 7.5a2 2 0 1 1-4 0 2 2 0 0 1 4 0ZM12 16.5a2 2 0 1 1-4 0 2 2 0 0 1 4 0Z',
  close: 'M6.5 6.5 17.5 17.5M17.5 6.5 6.5 17.5',
  warning: 'M12 5 3.5 19h17ZM12 10.5v4M12 16.6v.1',
  more: '',
} as const

type LaterPaths = typeof import('./icon-paths.ts')['laterPaths']
export type IconName = keyof typeof firstPaths | keyof LaterPaths

let paths: Partial<Record<IconName, string>> = firstPaths

/** From now on there are the others, too. */
export const addIcons = (later: LaterPaths): void => {
  paths = { ...firstPaths, ...later }
}

/** These point along the line of reading, and turn with it. */
const along = new Set<IconName>(['send', 'leave', 'reply'])

export const Icon = ({ name }: { name: IconName }) => (
  <svg
    class={along.has(name) ? 'icon icon-along' : 'icon'}
    viewBox="0 0 24 24"
    aria-hidden="true"
    focusable="false"
  >
    <path d={paths[name]} />
    {(name === 'mesh' || name === 'star') && <Dots centre={name === 'star'} />}
    {name === 'more' && <More />}
  </svg>
)

const Dots = ({ centre }: { centre: boolean }) => (
  <g class="icon-dots">
    <circle cx="6" cy="6.5" r="2.2" />
    <circle cx="18" cy="6.5" r="2.2" />
    <circle cx="6" cy="17.5" r="2.2" />
    <circle cx="18" cy="17.5" r="2.2" />
    {centre && <circle cx="12" cy="12" r="3" />}
  </g>
)

const More = () => (
  <g class="icon-dots">
    <circle cx="5.5" cy="12" r="1.8" />
    <circle cx="12" cy="12" r="1.8" />
    <circle cx="18.5" cy="12" r="1.8" />
  </g>
)

export const Logo = () => (
  <svg class="logo" viewBox="0 0 32 32" aria-hidden="true" focusable="false">
    <rect class="logo-ground" width="32" height="32" rx="9" />
    <path class="logo-line" d="M11.5 11.5 20.5 20.5" />
    <circle class="logo-one" cx="10.5" cy="10.5" r="4.6" />
    <circle class="logo-two" cx="21.5" cy="21.5" r="4.6" />
  </svg>
)

export const Avatar = ({ name, large }: { name: string; large?: boolean }) => (
  <span class={`face hue-${hueOf(name)}${large ? ' face-large' : ''}`} aria-hidden="true">
    {initials(name)}
  </span>
)
