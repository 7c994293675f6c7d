/** The product's version, shared by both programs. A test keeps it equal to package.json. */
export const version = '0.1.0';
