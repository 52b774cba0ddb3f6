/**
 * The few drawings of the page, and the avatars that stand for people. All are decoration beside words, so none is read
 * out.
 */
import { hueOf, initials } from '../format.ts'

const paths = {
  copy: 'M9 9V5.5A1.5 1.5 0 0 1 10.5 4h8A1.5 1.5 0 0 1 20 5.5v8a1.5 1.5 0 0 1-1.5 1.5H15M5.5 9h8A1.5 1.5 0 0 1 15 10.5v8a1.5 1.5 0 0 1-1.5 1.5h-8A1.5 1.5 0 0 1 4 18.5v-8A1.5 1.5 0 0 1 5.5 9Z',
  leave: 'M10 5H6.5A1.5 1.5 0 0 0 5 6.5v11A1.5 1.5 0 0 0 6.5 19H10M15 8l4 4-4 4M19 12H10',
  send: 'M5 12h13M12.5 6.5 18 12l-5.5 5.5',
  people:
    'M9 11a3.2 3.2 0 1 0 0-6.4A3.2 3.2 0 0 0 9 11ZM3.5 19c0-3 2.4-5 5.5-5s5.5 2 5.5 5M15.5 5.1a3.2 3.2 0 0 1 0 5.8M17 14.4c2.1.6 3.5 2.3 3.5 4.6',
  mesh: 'M6 6.5h12M6 6.5v11M18 6.5v11M6 17.5h12M6 6.5l12 11M18 6.5l-12 11',
  star: 'M12 12 5.5 6M12 12l6.5-6M12 12l-6.5 6M12 12l6.5 6',
  settings:
    'M4 7.5h8M16 7.5h4M4 16.5h4M12 16.5h8M16 7.5a2 2 0 1 1-4 0 2 2 0 0 1 4 0ZM12 16.5a2 2 0 1 1-4 0 2 2 0 0 1 4 0Z',
  share: 'M12 14.5V3.5M8 7l4-3.5L16 7M6.5 11H5v9.5h14V11h-1.5',
  qr: 'M4 4h6v6H4ZM14 4h6v6h-6ZM4 14h6v6H4ZM14 14h2.5v2.5M20 14v2.5M17 17v3h-3M20 20v-.5',
  shield: 'M12 3.5 5.5 6v5.5c0 4.2 2.7 7.3 6.5 9 3.8-1.7 6.5-4.8 6.5-9V6ZM9.2 12l2 2 3.6-3.8',
  reply: 'M10 6 4.5 11.5 10 17M5 11.5h8a6.5 6.5 0 0 1 6.5 6.5',
  emoji: 'M12 20.5a8.5 8.5 0 1 0 0-17 8.5 8.5 0 0 0 0 17ZM8.5 14a4.2 4.2 0 0 0 7 0M9 9.5v.5M15 9.5v.5',
  file: 'M7 3.5h6.5L18.5 8.5V19a1.5 1.5 0 0 1-1.5 1.5H7A1.5 1.5 0 0 1 5.5 19V5A1.5 1.5 0 0 1 7 3.5ZM13.5 3.5v5h5',
  attach: 'M8.5 12.5 14 7a3 3 0 0 1 4.3 4.3l-7.3 7.2a4.7 4.7 0 0 1-6.7-6.7L11 5',
  folder:
    'M4 6.5A1.5 1.5 0 0 1 5.5 5h4l2 2.5h7A1.5 1.5 0 0 1 20 9v8.5a1.5 1.5 0 0 1-1.5 1.5h-13A1.5 1.5 0 0 1 4 17.5Z',
  close: 'M6.5 6.5 17.5 17.5M17.5 6.5 6.5 17.5',
  microphone:
    'M12 15a3 3 0 0 0 3-3V6.5a3 3 0 0 0-6 0V12a3 3 0 0 0 3 3ZM6 11.5a6 6 0 0 0 12 0M12 17.5V21M9 21h6',
  'microphone-off':
    'M15 9.5v-3a3 3 0 0 0-5.8-1M9 9.5V12a3 3 0 0 0 4.5 2.6M6 11.5a6 6 0 0 0 9.6 4.8M18 11.5a6 6 0 0 1-.6 2.6M12 17.5V21M9 21h6M4 4l16 16',
  camera:
    'M4.5 6.5h9A1.5 1.5 0 0 1 15 8v8a1.5 1.5 0 0 1-1.5 1.5h-9A1.5 1.5 0 0 1 3 16V8a1.5 1.5 0 0 1 1.5-1.5ZM15 11l6-3.5v9L15 13',
  'camera-off':
    'M10 6.5h3.5A1.5 1.5 0 0 1 15 8v3.5M15 15.5v.5a1.5 1.5 0 0 1-1.5 1.5h-9A1.5 1.5 0 0 1 3 16V8a1.5 1.5 0 0 1 1.5-1.5H6M15 11l6-3.5v9l-2.5-1.5M4 4l16 16',
  'camera-switch':
    'M4 10.5A8.2 8.2 0 0 1 18.5 7M19 3.5V7.5H15M20 13.5A8.2 8.2 0 0 1 5.5 17M5 20.5V16.5H9M12 14a2 2 0 1 0 0-4 2 2 0 0 0 0 4Z',
  screen:
    'M4.5 4.5h15A1.5 1.5 0 0 1 21 6v9a1.5 1.5 0 0 1-1.5 1.5h-15A1.5 1.5 0 0 1 3 15V6a1.5 1.5 0 0 1 1.5-1.5ZM8.5 20h7M12 16.5V20M12 13.5v-5.5M9.5 10.3 12 7.8l2.5 2.5',
  'screen-off':
    'M4.5 4.5h15A1.5 1.5 0 0 1 21 6v9a1.5 1.5 0 0 1-1.5 1.5h-15A1.5 1.5 0 0 1 3 15V6a1.5 1.5 0 0 1 1.5-1.5ZM8.5 20h7M12 16.5V20M9.7 8.2l4.6 4.6M14.3 8.2l-4.6 4.6',
  chat: 'M5.5 5h13A1.5 1.5 0 0 1 20 6.5v8a1.5 1.5 0 0 1-1.5 1.5H11l-4.5 4v-4h-1A1.5 1.5 0 0 1 4 14.5v-8A1.5 1.5 0 0 1 5.5 5Z',
  call: 'M6.5 4h2.3a1 1 0 0 1 1 .8l.6 2.9a1 1 0 0 1-.3.9L8.5 10.1a11 11 0 0 0 5.4 5.4l1.5-1.6a1 1 0 0 1 .9-.3l2.9.6a1 1 0 0 1 .8 1v2.3a1.5 1.5 0 0 1-1.6 1.5A14.5 14.5 0 0 1 5 5.6 1.5 1.5 0 0 1 6.5 4Z',
  'hang-up':
    'M3 14.7c0-1 .2-1.7.9-2.3C6 10.5 8.9 9.5 12 9.5s6 1 8.1 2.9c.7.6.9 1.3.9 2.3v.7a1 1 0 0 1-1.3 1l-3-.9a1.2 1.2 0 0 1-.9-1.1v-1.6a12 12 0 0 0-7.6 0v1.6c0 .5-.4 1-.9 1.1l-3 .9a1 1 0 0 1-1.3-1Z',
  pin: 'M9 4h6M10 4v5.5L7 13h10l-3-3.5V4M12 13v7',
  'pin-off': 'M9 4h6M10 7.5V4M14 4v5.5L16.5 12.5M7 13l2.5-3M7 13h6M12 13v7M4 4l16 16',
  'full-screen': 'M4 9V4.5h4.5M15.5 4.5H20V9M20 15v4.5h-4.5M8.5 19.5H4V15',
  'full-screen-off': 'M8.5 4.5V9H4M20 9h-4.5V4.5M15.5 19.5V15H20M4 15h4.5v4.5',
  'small-window':
    'M4.5 5h15A1.5 1.5 0 0 1 21 6.5v11a1.5 1.5 0 0 1-1.5 1.5h-15A1.5 1.5 0 0 1 3 17.5v-11A1.5 1.5 0 0 1 4.5 5ZM12.5 12.5h5v3.5h-5Z',
  open: 'M7 14.5l5-5 5 5',
  speaker: 'M4 9.5v5h3.5l4.5 4v-13l-4.5 4ZM15.5 9a4.2 4.2 0 0 1 0 6M18 6.5a7.8 7.8 0 0 1 0 11',
  'speaker-off': 'M4 9.5v5h3.5l4.5 4v-13l-4.5 4ZM16 9.5l5 5M21 9.5l-5 5',
  warning: 'M12 5 3.5 19h17ZM12 10.5v4M12 16.6v.1',
  keyboard:
    'M4.5 6h15A1.5 1.5 0 0 1 21 7.5v9a1.5 1.5 0 0 1-1.5 1.5h-15A1.5 1.5 0 0 1 3 16.5v-9A1.5 1.5 0 0 1 4.5 6ZM6.8 9.8h.1M10.2 9.8h.1M13.7 9.8h.1M17.2 9.8h.1M8 14.2h8',
  owner: 'M4.5 8.5 8 12l4-6.5 4 6.5 3.5-3.5-1.3 9H5.8Z',
  lock: 'M8 10.5V8a4 4 0 0 1 8 0v2.5M6.5 10.5h11A1.5 1.5 0 0 1 19 12v6.5a1.5 1.5 0 0 1-1.5 1.5h-11A1.5 1.5 0 0 1 5 18.5V12a1.5 1.5 0 0 1 1.5-1.5Z',
  unlock:
    'M8 10.5V8a4 4 0 0 1 7.7-1.5M6.5 10.5h11A1.5 1.5 0 0 1 19 12v6.5a1.5 1.5 0 0 1-1.5 1.5h-11A1.5 1.5 0 0 1 5 18.5V12a1.5 1.5 0 0 1 1.5-1.5Z',
  remove:
    'M10 11a3.2 3.2 0 1 0 0-6.4A3.2 3.2 0 0 0 10 11ZM4.5 19c0-3 2.4-5 5.5-5 1.1 0 2.1.2 3 .7M15.5 15.5l4 4M19.5 15.5l-4 4',
  edit: 'M5 19.5l1-4.2L16 5.3l3.2 3.2L9.2 18.5ZM13.8 7.5 17 10.7',
  more: '',
} as const

/** These point along the line of reading, and turn with it. */
const along = new Set<keyof typeof paths>(['send', 'leave', 'reply'])

export type IconName = keyof typeof paths

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
