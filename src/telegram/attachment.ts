import { InputFile } from 'grammy'
import type { AppContext } from '../context.ts'

/** Draw what goes with a message; null where there is nothing to draw, or it cannot be drawn: words never wait for it. */
export async function attachment(
  ctx: AppContext,
  name: string,
  draw: () => Promise<Buffer | null>,
): Promise<InputFile | null> {
  try {
    const picture = await draw()
    return picture && new InputFile(picture, `${name}.png`)
  } catch (error) {
    ctx.log.warn({ reason: (error as Error).message, picture: name }, 'a picture could not be drawn')
    return null
  }
}
