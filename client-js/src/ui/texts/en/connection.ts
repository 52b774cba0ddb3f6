/** Owns the English words of the settings about connections. */
export const connection = {
  relayOnly: 'Hide my address behind a relay',
  relayOnlyHint:
    'Others in a room can otherwise see your IP address. Everything then goes through a TURN server, which takes longer and cannot read it.',
  noRelay: 'This needs a TURN server. Neither you nor this site has set one, so you would reach nobody.',
  relayFails:
    'Nobody can be reached yet: you hide your address, and no connection comes about through the TURN server. Try it in the settings.',
  own: 'STUN and TURN servers of your own',
  ownHint: 'They are used in place of those that this site hands out.',
  address: 'Address',
  addressHint: 'Begins with stun:, turn: or turns:',
  noAddress: 'This is not the address of a STUN or TURN server. One looks like turn:turn.example.org:3478.',
  username: 'User name',
  credential: 'Password',
  noAccount: 'A TURN server wants a user name and a password.',
  add: 'Add server',
  remove: (address: string) => `Remove ${address}`,
  attempt: 'Try',
  tried: { trying: 'Asking…', yes: 'It answers.', no: 'It does not answer.' },
  fromNowOn: 'Holds for connections that are made from now on.',
}
