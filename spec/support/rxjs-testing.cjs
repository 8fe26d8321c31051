// `rxjs/testing` of the same copy of RxJS that jest.config.js gives to specs.
module.exports = require('rxjs').testing;
