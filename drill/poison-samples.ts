/** By this number of samples a worker of the drill knows the job that kills it. */
export const POISON_SAMPLES = 47
