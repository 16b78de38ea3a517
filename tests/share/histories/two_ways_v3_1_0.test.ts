import { testTwoWayHistories } from '../oracle/property.ts';

testTwoWayHistories('v3.1.0', { byDefault: false });
