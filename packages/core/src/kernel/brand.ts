declare const brand: unique symbol

/** A `T` that only one smart constructor makes, so that a checked value and an unchecked one differ in type. */
export type Brand<T, Name extends string> = T & { readonly [brand]: Name }
