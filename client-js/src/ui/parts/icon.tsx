/** Owns the few drawings of the page. All are decoration beside words, so none is read out. */

const paths = {
  copy: 'M9 9V5.5A1.5 1.5 0 0 1 10.5 4h8A1.5 1.5 0 0 1 20 5.500v8a1.5 1.5 0 0 1-1.5 1.500H15M5.5 9h8A1.5 1.5 0 0 1 15 10.500v8a1.5 1.5 0 0 1-1.5 1.500h-8A1.5 1.5 0 0 1 4 18.500v-8A1.5 1.5 0 0 1 5.5 9Z',
  leave: 'M10 5H6.500A1.5 1.5 0 0 0 5 6.500v11A1.5 1.5 0 0 0 6.5 19H10M15 8l4 4-4 4M19 12H10',
  send: 'M5 12h13M12.5 6.5 18 12l-5.5 5.5',
  people:
    'M9 11a3.2 3.2 0 1 0 0-6.400A3.2 3.2 0 0 0 9 11ZM3.5 19c0-3 2.4-5 5.5-5s5.5 2 5.5 5M15.5 5.100a3.2 3.2 0 0 1 0 5.800M17 14.400c2.1.6 3.5 2.3 3.5 4.6',
  mesh: 'M6 6.500h12M6 6.500v11M18 6.500v11M6 17.500h12M6 6.500l12 11M18 6.500l-12 11',
  star: 'M12 12 5.5 6M12 12l6.5-6M12 12l-6.5 6M12 12l6.5 6',
  settings:
    'M4 7.500h8M16 7.500h4M4 16.500h4M12 16.500h8M16 7.500a2 2 0 1 1-4 0 2 2 0 0 1 4 0ZM12 16.500a2 2 0 1 1-4 0 2 2 0 0 1 4 0Z',
  reply: 'M10 6 4.500 11.500 10 17M5 11.500h8a6.5 6.5 0 0 1 6.5 6.500',
  emoji:
    'M12 20.500a8.5 8.5 0 1 0 0-17 8.5 8.5 0 0 0 0 17ZM8.5 14a4.2 4.2 0 0 0 7 0M9 9.500v.500M15 9.500v.500',
  file: 'M7 3.500h6.500L18.500 8.500V19a1.500 1.500 0 0 1-1.500 1.500H7A1.500 1.500 0 0 1 5.500 19V5A1.500 1.500 0 0 1 7 3.500ZM13.500 3.500v5h5',
  attach: 'M8.500 12.500 14 7a3 3 0 0 1 4.300 4.300l-7.300 7.200a4.700 4.700 0 0 1-6.700-6.700L11 5',
  close: 'M6.500 6.500 17.500 17.500M17.500 6.500 6.500 17.500',
} as const

/** These point along the line of reading, and turn with it. */
const along = new Set<keyof typeof paths>(['send', 'leave', 'reply'])

export const Icon = ({ name }: { name: keyof typeof paths }) => (
  <svg
    class={along.has(name) ? 'icon icon-along' : 'icon'}
    viewBox="0 0 24 24"
    aria-hidden="true"
    focusable="false"
  >
    <path d={paths[name]} />
    {(name === 'mesh' || name === 'star') && <Dots centre={name === 'star'} />}
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

export const Logo = () => (
  <svg class="logo" viewBox="0 0 32 32" aria-hidden="true" focusable="false">
    <rect class="logo-ground" width="32" height="32" rx="9" />
    <path class="logo-line" d="M11.5 11.5 20.5 20.5" />
    <circle class="logo-one" cx="10.5" cy="10.5" r="4.6" />
    <circle class="logo-two" cx="21.5" cy="21.5" r="4.6" />
  </svg>
)
