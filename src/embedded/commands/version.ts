/** The version of MongoDB whose behaviour is followed: drivers and tools decide by it what they may ask for. */
export const VERSION = '7.0.14';
