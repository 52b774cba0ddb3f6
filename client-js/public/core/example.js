import { connect, writeInvitation } from './p2pchat.js'

const find = id => document.getElementById(id)
const show = text => {
  const line = document.createElement('li')
  line.textContent = text
  find('log').append(line)
}

// The room and its password stay in the fragment, which browsers send to no server.
const name = `Guest ${Math.floor(Math.random() * 1000)}`
const client = connect()
const entered = location.hash
  ? await client.join(location.href, name)
  : await client.create({ name: 'Example' }, name)

if (entered.ok) begin(entered.session)
else show(`No entry: ${entered.refusal}`)

function begin(session) {
  find('link').href = find('link').textContent = writeInvitation(location.href, session.state.card)
  session.on('message', ({ from, text }) => show(`${from}: ${text}`))
  session.on('peer-joined', peer => show(`${peer.name} is here`))
  session.on('peer-left', peer => show(`${peer.name} has left`))
  find('form').addEventListener('submit', event => {
    event.preventDefault()
    if (session.say(find('text').value)) find('text').value = ''
  })
  addEventListener('pagehide', () => client.close())
}
