/** The city that this mini-program belongs to: the only file that an integrator has to change. */

/** Origin of the service; it must be on the list of request domains of the mini-program. */
export const ORIGIN = "https://code.example.org";
/** Sent with every request, so that a city can tell an old client to be brought up to date. */
export const CLIENT = "miniprogram/1.0.0";
