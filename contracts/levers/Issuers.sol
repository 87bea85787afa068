// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.20;

// Fixtures of ours: the lists of issuers, written anew. Each looks at whom its issuer's looks at.

abstract contract LeverListToken {
    address public owner = msg.sender;
    mapping(address => uint256) public balanceOf;
    mapping(address => bool) internal listed;

    modifier onlyOwner() {
        require(msg.sender == owner, "owner");
        _;
    }

    function issue(address to, uint256 amount) external onlyOwner {
        balanceOf[to] += amount;
    }

    function transfer(address to, uint256 amount) external returns (bool) {
        check(msg.sender, to);
        balanceOf[msg.sender] -= amount;
        balanceOf[to] += amount;
        return true;
    }

    function check(address from, address to) internal view virtual;

    function wipe(address account) internal onlyOwner {
        require(listed[account], "not listed");
        balanceOf[account] = 0;
    }
}

/// @dev As Paxos's USDP and PYUSD: neither side of a transfer may be frozen.
contract LeverPaxos is LeverListToken {
    function freeze(address account) external onlyOwner {
        listed[account] = true;
    }

    function unfreeze(address account) external onlyOwner {
        listed[account] = false;
    }

    function isFrozen(address account) external view returns (bool) {
        return listed[account];
    }

    function wipeFrozenAddress(address account) external {
        wipe(account);
    }

    function check(address from, address to) internal view override {
        require(!listed[from] && !listed[to], "address frozen");
    }
}

/// @dev As Tether's later tokens: only the sender is looked at.
contract LeverBlockedList is LeverListToken {
    function addToBlockedList(address account) external onlyOwner {
        listed[account] = true;
    }

    function removeFromBlockedList(address account) external onlyOwner {
        listed[account] = false;
    }

    function isBlocked(address account) external view returns (bool) {
        return listed[account];
    }

    function destroyBlockedFunds(address account) external {
        wipe(account);
    }

    function check(address from, address) internal view override {
        require(!listed[from], "blocked");
    }
}

/// @dev As many smaller tokens: a flag for each account, asked on both sides.
contract LeverFlagList is LeverListToken {
    function setBlacklisted(address account, bool isListed) external onlyOwner {
        listed[account] = isListed;
    }

    function isBlacklisted(address account) external view returns (bool) {
        return listed[account];
    }

    function check(address from, address to) internal view override {
        require(!listed[from] && !listed[to], "blacklisted");
    }
}
