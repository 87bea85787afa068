// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.20;

// A fixture of ours: Lido's GateSeal and CircuitBreaker and a contract that they pause, written anew after their sources.

contract LeverQueue {
    address public immutable admin = msg.sender;
    mapping(address => bool) public mayPause;
    uint256 public resumesAt;
    uint256 public claims;

    function allow(address pauser) external {
        require(msg.sender == admin);
        mayPause[pauser] = true;
    }

    function pauseFor(uint256 duration) external {
        require(mayPause[msg.sender] && !isPaused());
        resumesAt = block.timestamp + duration;
    }

    function isPaused() public view returns (bool) {
        return block.timestamp < resumesAt;
    }

    function requestWithdrawals(uint256[] calldata, address) external {
        require(!isPaused(), "paused");
        claims++;
    }

    function claimWithdrawal(uint256) external {
        claims++;
    }
}

contract LeverGateSeal {
    address private immutable committee;
    uint256 private immutable duration;
    address[] private sealables;
    uint256 private expiry;

    constructor(address by, uint256 time, address[] memory what, uint256 until) {
        require(time >= 4 days && time <= 14 days && until > block.timestamp);
        (committee, duration, sealables, expiry) = (by, time, what, until);
    }

    function get_sealing_committee() external view returns (address) {
        return committee;
    }

    function get_seal_duration_seconds() external view returns (uint256) {
        return duration;
    }

    function get_sealables() external view returns (address[] memory) {
        return sealables;
    }

    function get_expiry_timestamp() external view returns (uint256) {
        return expiry;
    }

    function is_expired() public view returns (bool) {
        return block.timestamp > expiry;
    }

    function seal(address[] calldata what) external {
        require(msg.sender == committee, "sender: not SEALING_COMMITTEE");
        require(!is_expired(), "gate seal: expired");
        require(what.length > 0, "sealables: empty subset");
        expiry = 0;
        for (uint256 i = 0; i < what.length; i++) LeverQueue(what[i]).pauseFor(duration);
    }
}

contract LeverCircuitBreaker {
    address public immutable ADMIN = msg.sender;
    uint256 public pauseDuration;
    uint256 public heartbeatInterval;
    mapping(address => uint256) public heartbeatExpiry;
    mapping(address => address) public getPauser;

    constructor(uint256 pauseFor, uint256 heartbeatEach) {
        (pauseDuration, heartbeatInterval) = (pauseFor, heartbeatEach);
    }

    function registerPauser(address pausable, address pauser) external {
        require(msg.sender == ADMIN);
        getPauser[pausable] = pauser;
        heartbeatExpiry[pauser] = block.timestamp + heartbeatInterval;
    }

    function isPauserLive(address pauser) public view returns (bool) {
        return block.timestamp < heartbeatExpiry[pauser];
    }

    function heartbeat() public {
        require(isPauserLive(msg.sender), "HeartbeatExpired");
        heartbeatExpiry[msg.sender] = block.timestamp + heartbeatInterval;
    }

    function pause(address pausable) external {
        require(msg.sender == getPauser[pausable], "SenderNotPauser");
        heartbeat();
        getPauser[pausable] = address(0);
        LeverQueue(pausable).pauseFor(pauseDuration);
    }
}
