/**
 * Made-up pictures for made-up calls: people in front of a wall, and a page somebody shows. They are drawn, so that
 * nobody's face is used.
 */
const moving = (
  width: number,
  height: number,
  draw: (pen: CanvasRenderingContext2D) => void,
): MediaStream => {
  const canvas = document.createElement('canvas')
  canvas.width = width
  canvas.height = height
  const pen = canvas.getContext('2d')
  if (!pen) throw new Error('no canvas to be had')
  const frame = (): void => {
    draw(pen)
    requestAnimationFrame(frame)
  }
  frame()
  return canvas.captureStream(5)
}

const walls = ['#cfd8cf', '#d9cfc2', '#c4d0da', '#d6c8cf', '#d3d2bd', '#c7d3d2', '#dccbb9', '#c9c7d8']
const skins = ['#e6b998', '#8d5a3b', '#f0cdb0', '#b97f56', '#6f452d', '#dba57c', '#f2d6c0', '#a06a45']
const shirts = ['#2f5d62', '#7a3b2e', '#394a6d', '#566b3a', '#6b3d63', '#8a6a2f', '#2d4f3f', '#4a4a52']
const hairs = ['#3a2a20', '#1c1815', '#a9743f', '#4a3526', '#141213', '#6d4b2f', '#c9a15e', '#2a2320']

export const portrait = (nth: number): MediaStream => {
  const pick = (from: readonly string[], by: number): string => from[(nth * by + nth) % from.length] ?? '#888'
  return moving(640, 480, pen => {
    const light = pen.createLinearGradient(0, 0, 640, 480)
    light.addColorStop(0, pick(walls, 0))
    light.addColorStop(1, '#8f8a80')
    pen.fillStyle = light
    pen.fillRect(0, 0, 640, 480)
    pen.fillStyle = '#ffffff3a'
    pen.fillRect(nth % 2 === 0 ? 60 : 440, 40, 130, 190)
    const across = 320 + ((nth * 37) % 70) - 35
    disc(pen, pick(hairs, 2), across, 196, 96, 112)
    pen.fillStyle = pick(shirts, 1)
    pen.beginPath()
    pen.ellipse(across, 500, 196, 172, 0, 0, 7)
    pen.fill()
    pen.fillStyle = pick(skins, 2)
    pen.fillRect(across - 32, 268, 64, 84)
    disc(pen, pick(skins, 2), across, 216, 78, 98)
    pen.fillStyle = pick(hairs, 2)
    pen.beginPath()
    pen.ellipse(across, 150, 84, 54, 0, Math.PI, 0)
    pen.fill()
    face(pen, across)
  })
}

const disc = (
  pen: CanvasRenderingContext2D,
  colour: string,
  x: number,
  y: number,
  width: number,
  height: number,
): void => {
  pen.fillStyle = colour
  pen.beginPath()
  pen.ellipse(x, y, width, height, 0, 0, 7)
  pen.fill()
}

const face = (pen: CanvasRenderingContext2D, x: number): void => {
  disc(pen, '#2a211c', x - 29, 212, 6, 7)
  disc(pen, '#2a211c', x + 29, 212, 6, 7)
  pen.strokeStyle = '#5b3328'
  pen.lineWidth = 5
  pen.lineCap = 'round'
  pen.beginPath()
  pen.arc(x, 238, 30, 0.5, 2.64)
  pen.stroke()
}

export const slide = (title: string): MediaStream =>
  moving(1600, 900, pen => {
    pen.fillStyle = '#fdfcf9'
    pen.fillRect(0, 0, 1600, 900)
    pen.fillStyle = '#0b6e63'
    pen.fillRect(110, 120, 14, 92)
    pen.fillStyle = '#1d2226'
    pen.font = '600 76px sans-serif'
    pen.fillText(title, 152, 192)
    pen.fillStyle = '#7c8288'
    for (const [at, width] of [720, 640, 690, 480].entries()) pen.fillRect(152, 300 + at * 66, width, 18)
    const bars = [210, 330, 270, 420, 500, 460]
    for (const [at, height] of bars.entries()) {
      pen.fillStyle = at === 4 ? '#0b6e63' : '#b9dcd4'
      pen.fillRect(980 + at * 82, 760 - height, 54, height)
    }
    pen.fillStyle = '#d5d1c8'
    pen.fillRect(960, 762, 520, 4)
  })
