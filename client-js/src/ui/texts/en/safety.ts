/** Owns the English words about who can listen. */
export const safety = {
  open: (name: string) => `Connection to ${name}`,
  direct: 'Direct, from browser to browser.',
  relayed: 'Through a relay (TURN) server, which passes on what it cannot read.',
  code: 'Safety code',
  lead: 'Read it to each other, on the phone or in person. The same code at both ends means that nobody sits between you.',
  differs: 'If the codes differ, somebody does: do not go on.',
  starHost:
    'In a star this covers the way between the two of you. What guests say to each other passes through the host.',
  viaHost: (name: string) =>
    `${name} is reached through the host, who passes on what you say to each other and could read and change it. A code vouches for your connection to the host alone.`,
  noHttps: 'This page did not come over HTTPS, so that a code would prove nothing.',
  none: 'There is no connection at the moment.',
}
