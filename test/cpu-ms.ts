/** CPU time of this thread that some work takes, in ms: what others do on the machine meanwhile does not count. */
export async function cpuMs(work: () => unknown): Promise<number> {
  const begin = process.threadCpuUsage()
  await work()
  const { user, system } = process.threadCpuUsage(begin)
  return (user + system) / 1000
}
