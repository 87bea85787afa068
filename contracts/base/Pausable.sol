// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @notice An emergency stop: the guardian may only stop, the owner may only start again.
/// @dev Events and errors have the signatures of OpenZeppelin's Pausable and Ownable.
abstract contract Pausable {
    /// @notice Who may unpause.
    address public immutable owner;
    /// @notice Who may pause, and nothing else.
    address public immutable guardian;
    /// @notice True while the risky operations are blocked.
    bool public paused;

    event Paused(address account);
    event Unpaused(address account);

    error EnforcedPause();
    error ExpectedPause();
    error NotGuardian(address account);
    error OwnableUnauthorizedAccount(address account);

    constructor(address guardian_) {
        owner = msg.sender;
        guardian = guardian_;
    }

    modifier whenNotPaused() {
        if (paused) revert EnforcedPause();
        _;
    }

    modifier onlyOwner() {
        if (msg.sender != owner) revert OwnableUnauthorizedAccount(msg.sender);
        _;
    }

    /// @notice Blocks the risky operations at once.
    function pause() external whenNotPaused {
        if (msg.sender != guardian) revert NotGuardian(msg.sender);
        paused = true;
        emit Paused(msg.sender);
    }

    /// @notice Opens them again.
    function unpause() external onlyOwner {
        if (!paused) revert ExpectedPause();
        paused = false;
        emit Unpaused(msg.sender);
    }
}
