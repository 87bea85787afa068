// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.20;

// What stands around a bridge's own contracts, in their tests.

/// Answers everything with what it was given.
contract LeverAnswer {
    bytes private answer;

    constructor(bytes memory what) {
        answer = what;
    }

    fallback() external payable {
        bytes memory out = answer;
        assembly {
            return(add(out, 32), mload(out))
        }
    }

    receive() external payable {}
}

/// A proxy as Axelar's token managers have one: it tells its implementation, its token and that it is set up by anybody here.
contract LeverManagerProxy {
    address public immutable implementation;

    constructor(address to) {
        implementation = to;
    }

    function interchainTokenId() external pure returns (bytes32) {
        return bytes32(uint256(1));
    }

    function setUp(bytes calldata params) external {
        (bool ok,) = implementation.delegatecall(abi.encodeWithSignature("setup(bytes)", params));
        require(ok, "SetupFailed");
    }

    fallback() external {
        address to = implementation;
        assembly {
            calldatacopy(0, 0, calldatasize())
            let ok := delegatecall(gas(), to, 0, calldatasize(), 0, 0)
            returndatacopy(0, 0, returndatasize())
            switch ok
            case 0 { revert(0, returndatasize()) }
            default { return(0, returndatasize()) }
        }
    }
}
