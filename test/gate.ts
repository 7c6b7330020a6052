import { createConnection, createServer, type AddressInfo, type Server, type Socket } from 'node:net'

/** The way to a server, which can be shut, or made to swallow what goes through it. */
export class Gate {
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  readonly #target: URL
  isShut = false
  isSilent = false

  private constructor(target: URL) {
    this.#target = target
    this.#server = createServer((near) => {
      if (this.isShut) {
        near.resetAndDestroy()
        return
      }
      const far = createConnection(Number(target.port), target.hostname)
      for (const [from, to] of [
        [near, far],
        [far, near],
      ]) {
        this.#sockets.add(from)
        from.on('error', () => {})
        from.on('close', () => to.destroy())
        from.on('data', (bytes) => void (this.isSilent || to.write(bytes)))
      }
    })
  }

  /** @param url of the server */
  static async to(url: string): Promise<Gate> {
    const gate = new Gate(new URL(url))
    await new Promise<void>((resolve) => gate.#server.listen(0, '127.0.0.1', resolve))
    return gate
  }

  /** The server's address by way of the gate. */
  get url(): string {
    const url = new URL(this.#target)
    url.hostname = '127.0.0.1'
    url.port = String((this.#server.address() as AddressInfo).port)
    return url.toString()
  }

  shut(): void {
    this.isShut = true
    for (const socket of this.#sockets) socket.destroy()
  }

  close(): void {
    this.shut()
    this.#server.close()
  }
}
