// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

interface IAccessManager {
    function canCall(address caller, address target, bytes4 selector) external view returns (bool, uint32);
    function consumeScheduledOp(address caller, bytes calldata data) external;
}

/// @notice For tests: a pause under an OpenZeppelin AccessManager, with the checks of its AccessManaged.
contract ManagedPause {
    address public immutable authority;
    bool public paused;
    bytes4 public isConsumingScheduledOp;

    error AccessManagedUnauthorized(address caller);

    constructor(address authority_) {
        authority = authority_;
    }

    modifier restricted() {
        (bool immediate, uint32 delay) = IAccessManager(authority).canCall(msg.sender, address(this), msg.sig);
        if (!immediate) {
            if (delay == 0) revert AccessManagedUnauthorized(msg.sender);
            isConsumingScheduledOp = this.isConsumingScheduledOp.selector;
            IAccessManager(authority).consumeScheduledOp(msg.sender, msg.data);
            isConsumingScheduledOp = 0;
        }
        _;
    }

    function pause() external restricted {
        paused = true;
    }

    /// @notice With an argument of each kind that a permission can be about.
    function freeze(address asset, bool frozen, bytes calldata note, uint256[] calldata ids) external restricted {
        asset; frozen; note; ids;
        paused = true;
    }
}
